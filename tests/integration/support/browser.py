"""A real browser with the page in it."""

import os
import shutil

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from support.program import DEADLINE_S

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Page:
    """A browser with the page in it; waits for what is asked of it."""

    def __init__(self, driver):
        self.driver = driver

    def until(self, condition, message=""):
        return WebDriverWait(self.driver, DEADLINE_S, 0.05).until(lambda _: condition(), message)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def element(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def elements(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector):
        """The text of the first match, seen or not; None when there is none."""
        return self.run("return document.querySelector(arguments[0])?.textContent", selector)

    def texts(self, selector):
        return self.run(
            "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", selector
        )

    def until_text(self, selector, part):
        return self.until(lambda: part in (self.text(selector) or ""), f"{part!r} in {selector}")

    def click(self, selector):
        self.run("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", self.element(selector))
        self.element(selector).click()

    def write(self, selector, text):
        self.element(selector).send_keys(Keys.CONTROL + "a" + Keys.NULL, text)

    def frames(self):
        """The frames that are shown: their data attributes, direction, header bytes and payload."""
        return self.run(
            """return [...document.querySelectorAll(".frame")].map((frame) => ({
                 ...frame.dataset,
                 incoming: frame.classList.contains("right"),
                 header: frame.querySelector(".header-bytes").textContent,
                 payload: frame.querySelector(".payload").textContent}))"""
        )

    def until_frames(self, wanted):
        """Waits until the last frames shown are such that `wanted(frames)`, and gives all."""
        self.until(lambda: wanted(self.frames()), "the frames")
        return self.frames()

    def emulate(self, width, dark):
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
        )
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]},
        )


def open_page(url, profile, *flags, home=None):
    """Starts Chromium with a new profile in the folder `profile`, and opens `url`. In `home` is
    whom it trusts, `.pki/nssdb`."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in (*FLAGS, f"--user-data-dir={profile}", *flags):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    environment = {**os.environ, "HOME": str(home)} if home else None
    service = Service(shutil.which("chromedriver"), env=environment)
    page = Page(webdriver.Chrome(service=service, options=options))
    try:
        page.emulate(1280, dark=False)
        page.driver.get(url)
    except BaseException:
        page.driver.quit()
        raise
    return page
