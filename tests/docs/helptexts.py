"""What `campaign … --help` prints: for blocks that show it, and for every option the docs mention."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from functools import cached_property

HELP_BLOCK = re.compile(r"(<!-- help: (campaign[a-z\- ]*?) -->\n\n?```\w+\n)(.*?)(^```$)", re.DOTALL | re.MULTILINE)
OPTION = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")


class Help:
    """The help of one command, such as `campaign state`, and of those below it. Read when asked for, once."""

    def __init__(self, command: tuple[str, ...], environment: Mapping[str, str]) -> None:
        self.command, self._environment = command, environment

    @cached_property
    def text(self) -> str:
        """What `--help` prints."""
        asked = [*self.command, "--help"]
        done = subprocess.run(asked, env=dict(self._environment), capture_output=True, text=True, check=True)
        return done.stdout

    @cached_property
    def options(self) -> frozenset[str]:
        """Every option its help names."""
        return frozenset(OPTION.findall(self.text))

    @cached_property
    def below(self) -> dict[str, Help]:
        """Its own commands by name; empty for a command that has none."""
        _, _, listed = self.text.partition("\nCommands:\n")
        names = re.findall(r"^  ([a-z][\w-]*)", listed, re.MULTILINE)
        return {name: Help((*self.command, name), self._environment) for name in names}

    def everything(self) -> list[Help]:
        """This and all below it, in the order help lists them."""
        return [self, *(each for child in self.below.values() for each in child.everything())]

    def find(self, words: str) -> Help:
        """The help of `campaign state unlock` and the like; raises KeyError when there is no such command."""
        found = self
        for word in words.split()[1:]:
            found = found.below[word]
        return found


def with_current_help(markdown: str, root: Help) -> str:
    """The page's text, each block marked `<!-- help: campaign … -->` holding what --help prints now."""
    return HELP_BLOCK.sub(lambda block: f"{block[1]}{root.find(block[2]).text.rstrip()}\n{block[4]}", markdown)


def unknown_words(line: str, root: Help) -> list[str]:
    """Commands and options in a line such as `campaign plan --out FILE` that --help does not know."""
    here, known, unknown = root, set(root.options), []
    for word in line.split()[1:]:
        option = OPTION.match(word)
        if option and option[0] not in known:
            unknown.append(f"`{' '.join(here.command)}` has no {option[0]}")
        elif word in here.below:
            here = here.below[word]
            known |= here.options
        elif not option and here is root and re.fullmatch(r"[a-z][a-z-]*", word):
            return [f"`{' '.join(root.command)}` has no command {word}"]
    return unknown
