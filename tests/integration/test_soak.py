"""Many echoes and a topic with many subscribers at the same time: nothing lost, doubled or out of order."""

import subprocess
import sys
from pathlib import Path


def test_nothing_is_lost_doubled_or_out_of_order():
    soak = Path(__file__).with_name("soak.py")
    done = subprocess.run(
        [sys.executable, soak, "--seconds", "8"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300
    )
    assert done.returncode == 0, done.stdout.decode()
