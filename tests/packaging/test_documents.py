"""Every C++ sample in the documents compiles against the public headers.

A sample with a `main` is a whole program. Any other is set between those of the same document: one
that begins in the first column with a type and a name in front of a parameter list, or with
`struct` and the like, stands at the level of the file; any other is the body of a function that is
given a `duplex::Server& server` and a `duplex::WebSocket& socket`. Its includes go to the top."""

import os
import re
import subprocess

import pytest
from documents import ROOT, Sample, samples

DOCUMENTS = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").glob("*.md"))]

DECLARATION = re.compile(
    r"(struct|class|enum|namespace|using|template)\b|[\w:<>]+ \w+\(.*\) \{$", re.M
)


def compile_text(text: str) -> str:
    """What the compiler has to say about `text`; nothing when all is well."""
    command = [os.environ.get("CXX", "g++"), "-std=c++23", "-Wall", "-Wextra", "-fsyntax-only"]
    # Because of #line, GCC takes the samples for headers.
    command += ["-Wno-subobject-linkage", "-I", ROOT / "include", "-x", "c++", "-"]
    return subprocess.run(command, input=text, text=True, capture_output=True).stderr


def at_its_place(sample: Sample, code: str) -> str:
    """`code` with a note that makes the compiler name the document's lines."""
    return f'#line {sample.line} "{sample.document.relative_to(ROOT)}"\n{code}'


def translation_unit(fragments: list[Sample]) -> str:
    text = "#include <duplex/duplex.hpp>\n#include <chrono>\n#include <fstream>\n#include <mutex>\n"
    text += "#include <span>\n#include <string>\n#include <thread>\n"
    for sample in fragments:
        text += "".join(re.findall(r"^#include.*\n", sample.code, re.M))
    text += "using namespace std::chrono_literals;\n"
    for number, sample in enumerate(fragments):
        if DECLARATION.match(sample.code):
            text += at_its_place(sample, sample.code)
        else:
            head = f"[[maybe_unused]] static void sample_{number}(" + (
                "[[maybe_unused]] duplex::Server& server, "
                "[[maybe_unused]] duplex::WebSocket& socket) {\n"
            )
            text += head + at_its_place(sample, sample.code) + "}\n"
    return text


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_samples_compile(document):
    found = samples(document)
    programs = [sample for sample in found if sample.is_program]
    fragments = [sample for sample in found if not sample.is_program]
    errors = [compile_text(at_its_place(sample, sample.code)) for sample in programs]
    if fragments:
        errors.append(compile_text(translation_unit(fragments)))
    assert "".join(errors) == ""


def test_a_sample_that_does_not_compile_is_found():
    wrong = Sample(ROOT / "README.md", 7, "server.no_such_function();\n")
    assert "README.md:7:" in compile_text(translation_unit([wrong]))


def test_encryption_takes_the_two_lines_that_readme_shows():
    readme = (ROOT / "README.md").read_text()
    changes = re.findall(r"^```diff\n-(.*)\n\+(.*)\n```$", readme, re.M)
    (clear_listen, encrypted_listen), (clear_url, encrypted_url) = changes
    server = next(sample for sample in samples(ROOT / "README.md") if sample.is_program)
    assert server.code.count(clear_listen + "\n") == 1
    assert compile_text(server.code.replace(clear_listen, encrypted_listen)) == ""
    # The client's line differs by nothing but the scheme and the port.
    assert clear_url.replace("ws://", "wss://").replace(":8080", ":8443") == encrypted_url


def test_links_lead_somewhere():
    broken = []
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text()):
            if "://" not in target and not (document.parent / target).exists():
                broken.append(f"{document.name}: {target}")
    assert broken == []
