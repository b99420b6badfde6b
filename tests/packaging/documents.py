"""The C++ samples in the project's documents."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Sample:
    document: Path
    line: int
    code: str

    @property
    def is_program(self) -> bool:
        return "int main(" in self.code


def samples(document: Path) -> list[Sample]:
    """The blocks of `document` that are fenced as C++."""
    text = document.read_text()
    return [
        Sample(document, text.count("\n", 0, match.start(1)) + 1, match[1])
        for match in re.finditer(r"^```cpp\n(.*?)^```$", text, re.M | re.S)
    ]
