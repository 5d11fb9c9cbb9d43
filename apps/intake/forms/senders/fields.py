"""Fields of several values: places in order, one a field; words and items, one a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from typing_extensions import override

from apps.hl7v2.places import OWN, check_facts, is_own
from apps.intake.services.profiles.checks import checked_words, wrong_items

LONGEST_PLACE = 300
_MARK = "="


class PlacesWidget(forms.TextInput):
    """Any number of text fields of one name, in order; empty ones do not count."""

    @override
    def value_from_datadict(self, data: Mapping[str, Any], files: object, name: str) -> list[str]:
        """Return what the fields hold, without the empty ones."""
        del files
        sent = data.getlist(name) if isinstance(data, MultiValueDict) else data.get(name) or []
        listed = [sent] if isinstance(sent, str) else sent
        return [item.strip() for item in listed if item.strip()]


class PlacesField(forms.Field):
    """Where one fact is looked for, first wanted first; nothing means the usual places."""

    def __init__(self, fact: str, **kwargs: Any) -> None:
        """Take the places of one fact."""
        super().__init__(widget=PlacesWidget(), required=False, **kwargs)
        self.fact = fact

    @override
    def clean(self, value: Any) -> list[str]:
        """Return the places; each that cannot be read is named with its cause."""
        places = [str(item) for item in value or []]
        wrong = [f"“{one[:40]}…” is too long." for one in places if len(one) > LONGEST_PLACE]
        wrong += ["A place holds a null character." for one in places if "\x00" in one]
        if not wrong:
            wrong = [problem.reason for problem in check_facts({self.fact: places})]
        if wrong:
            raise ValidationError(wrong)
        return list(dict.fromkeys(places))

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the places or their order differ."""
        return list(initial or []) != list(data or [])


class OwnNameField(forms.CharField):
    """The name of a field of the sender's own; spaces and capitals are made fit."""

    def __init__(self, **kwargs: Any) -> None:
        """Take a name, or nothing."""
        attrs = {"class": "code", "placeholder": "room", "autocomplete": "off"}
        super().__init__(required=False, widget=forms.TextInput(attrs), **kwargs)

    @override
    def to_python(self, value: Any) -> str:
        """Return the name as it is kept."""
        return own_name(str(value or ""))

    @override
    def validate(self, value: Any) -> None:
        """Refuse what is no name."""
        super().validate(value)
        if value and not is_own(f"{OWN}{value}"):
            raise ValidationError(
                "A name begins with a letter and has only letters, digits and _, at most 32."
            )

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return that nothing changes before the field is added."""
        return False


def own_name(typed: str) -> str:
    """Return a name as it is kept: small letters, words joined by ``_``."""
    return "_".join(typed.lower().split())


class LinesField(forms.CharField):
    """Items, one a line; empty lines do not count."""

    def __init__(self, *, rows: int = 3, **kwargs: Any) -> None:
        """Take lines of text."""
        attrs = {"rows": rows, "spellcheck": "false", "autocomplete": "off", "class": "code"}
        super().__init__(widget=forms.Textarea(attrs=attrs), strip=False, required=False, **kwargs)

    @override
    def prepare_value(self, value: Any) -> Any:
        """Return the text for the box; what was typed is shown as it was typed."""
        return "\n".join(value) if isinstance(value, list | tuple) else value

    @override
    def to_python(self, value: Any) -> Any:
        """Return the lines."""
        lines = (" ".join(line.split()) for line in (super().to_python(value) or "").splitlines())
        return list(dict.fromkeys(self.normal(line) for line in lines if line))

    def normal(self, line: str) -> str:
        """Return a line as it is kept."""
        return line

    @override
    def validate(self, value: Any) -> None:
        """Refuse what the database cannot hold."""
        super().validate(value)
        if any("\x00" in line for line in value):
            raise ValidationError("A line holds a null character.")

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the lines differ."""
        kept: list[str] = self.to_python(data)
        return list(initial or []) != kept


class ItemsField(LinesField):
    """One of a profile's lists."""

    def __init__(
        self, name: str, *, normal: Callable[[str], str] | None = None, **kwargs: Any
    ) -> None:
        """Take the items of the list of that name."""
        super().__init__(rows=2, **kwargs)
        self._name, self._normal = name, normal

    @override
    def normal(self, line: str) -> str:
        """Return an item as it is kept."""
        return self._normal(line) if self._normal else line

    @override
    def validate(self, value: Any) -> None:
        """Refuse items that are none."""
        super().validate(value)
        if wrong := wrong_items(self._name, value):
            raise ValidationError(wrong)


class WordsField(LinesField):
    """A sender's words, ``word = what we call it``, one a line."""

    def __init__(self, fact: str, **kwargs: Any) -> None:
        """Take the words of one fact."""
        super().__init__(**kwargs)
        self._fact = fact

    @override
    def clean(self, value: Any) -> list[str]:
        """Return the lines with our spelling of what the words mean."""
        lines: list[str] = super().clean(value)
        without = [f"“{line[:40]}”: write word = meaning." for line in lines if _MARK not in line]
        if without:
            raise ValidationError(without)
        kept, wrong = checked_words(self._fact, words_of(lines))
        if wrong:
            raise ValidationError(wrong)
        return lines_of(kept)


def words_of(lines: Sequence[str]) -> dict[str, str]:
    """Return the words that lines say; the last mark of equality divides."""
    pairs = (line.rpartition(_MARK) for line in lines)
    return {word.strip(): meaning.strip() for word, _mark, meaning in pairs}


def lines_of(words: Mapping[str, str]) -> list[str]:
    """Return the lines that say the words."""
    return [f"{word} {_MARK} {meaning}" for word, meaning in words.items()]
