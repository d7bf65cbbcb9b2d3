"""What benches/peers.sh runs: makes the lines, runs each tool in a process of its own, measures, judges.

    peers.py lines LOCALE CONVERSATIONS OUT        10,000 lines, as one-turn records
    peers.py table LOCALE LINES BINARY LANGUAGES   the rows of the table for a locale
    peers.py tool NAME LOCALE LINES OUT            (one tool; prints its CPU seconds)

Asked of every tool: 15 % of the characters. Judged on graphemes (UAX #29):
  exact     distance from the line is exactly max(1, floor(0.15 n + 0.5))
  unchanged the line came back as it was
  broken    of the lines that hold a grapheme of several code points: one of them was taken apart, or a part stands alone
  foreign   letters that neither the line nor the language's alphabet holds, in 10,000 lines
"""

import json
import random
import resource
import subprocess
import sys
import tempfile
import tomllib
import unicodedata
from pathlib import Path

LINES = 10_000
RATE = 0.15
# Every tenth line ends in one of these.
CLUSTERS = ["👍🏽", "👨‍👩‍👧", "🇬🇧", "❤️"]
MULTYPO = {"en": "english", "fr": "french", "el": "greek", "ar": "arabic"}
SCRIPTS = {"ko": ("HANGUL",), "ja": ("HIRAGANA", "KATAKANA", "CJK"), "zh": ("CJK",)}


def lines(locale, conversations, out):
    typed = []
    with open(conversations, encoding="utf-8") as records:
        for record in map(json.loads, records):
            typed += [turn["utterance"] for turn in record["conversation"] if turn["is_aac_user"]]
    if len(typed) < LINES:
        sys.exit(f"{locale}: only {len(typed)} utterances")
    with open(out, "w", encoding="utf-8") as file:
        for at, text in enumerate(typed[:LINES]):
            if at % 10 == 0:
                text += " " + CLUSTERS[at // 10 % len(CLUSTERS)]
            turn = {"speaker": "A", "utterance": text, "is_aac_user": True}
            record = {"custom_id": f"line-{at}", "conversation": [turn]}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line)["conversation"][0]["utterance"] for line in file]


def noiser(name, language):
    """A function from a line to a noisy one, set up as the tool's own documentation has it; None where it has no such language."""
    random.seed(1)
    if name == "nlpaug":
        import numpy
        from nlpaug.augmenter.char import KeyboardAug

        numpy.random.seed(1)
        try:
            tool = KeyboardAug(
                aug_char_p=RATE, aug_char_max=None, aug_word_p=1.0, aug_word_max=None, min_char=1, lang=language
            )
        except ValueError:
            return None
        return lambda text: (tool.augment(text) or [""])[0]
    if name == "textnoisr":
        from textnoisr.noise import CharNoiseAugmenter

        return CharNoiseAugmenter(noise_level=RATE, seed=1).add_noise
    if name == "multypo":
        if language not in MULTYPO:
            return None
        from multypo import MultiTypoGenerator

        tool = MultiTypoGenerator(language=MULTYPO[language])
        # It takes a share of words; three words in four come nearest to 15 % of the characters.
        return lambda text: tool.insert_typos(text, typo_rate=0.75)
    if name == "fasttextaug":
        if language != "en":
            return None
        from fasttextaug.augmenter.char import KeyboardAug

        tool = KeyboardAug(aug_char_p=RATE, aug_char_max=1000, aug_word_p=1.0, aug_word_max=1000, min_char=1, lang="en")

        def noise(text):
            found = tool.augment(text)
            return found if isinstance(found, str) else found[0]

        return noise
    raise SystemExit(f"no tool {name}")


def tool(name, locale, path, out):
    noise = noiser(name, locale.split("-")[0])
    if noise is None:
        print(json.dumps(None))
        return
    texts = read(path)
    for text in texts[:200]:
        noise(text)
    before = resource.getrusage(resource.RUSAGE_SELF)
    noisy = [noise(text) for text in texts]
    after = resource.getrusage(resource.RUSAGE_SELF)
    with open(out, "w", encoding="utf-8") as file:
        json.dump(noisy, file)
    print(json.dumps(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))


def ours(binary, locale, path, out, repeats):
    """Our whole process: reading, twelve variants of each line, their proof, writing and syncing. Start-up is not taken off."""
    text = Path(path).read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(dir=Path(path).parent) as folder:
        source = Path(folder) / "lines.jsonl"
        with open(source, "w", encoding="utf-8") as file:
            for _ in range(repeats):
                file.write(text)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [binary, "augment", "--input", source, "--lang", locale, "--jobs", "1"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        with open(source.with_name("augmented_lines.jsonl"), encoding="utf-8") as file:
            noisy = [json.loads(line)["conversation"][0]["noisy_qwerty_light"] for _, line in zip(range(LINES), file)]
    with open(out, "w", encoding="utf-8") as file:
        json.dump(noisy, file)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def judge(locale, texts, noisy, languages):
    import regex
    from rapidfuzz.distance import Levenshtein

    language = locale.split("-")[0]
    split = regex.compile(r"\X").findall
    alphabet = set()
    # The keyboards of these write in another script than they have keys of.
    for code in () if language in SCRIPTS else (language, locale):
        file = Path(languages) / "keyboards" / f"{code}.toml"
        if file.exists():
            alphabet |= set("".join(tomllib.loads(file.read_text(encoding="utf-8")).get("alphabet", [])))
    exact = unchanged = clustered = broken = foreign = 0
    rates = []
    for text, new in zip(texts, noisy, strict=True):
        source, target = split(text), split(new)
        distance = Levenshtein.distance(source, target)
        rates.append(distance / len(source))
        exact += distance == max(1, int(RATE * len(source) + 0.5))
        unchanged += text == new
        several = {grapheme for grapheme in source if len(grapheme) > 1}
        if several:
            clustered += 1
            parts = set("".join(several)) - set("".join(grapheme for grapheme in source if len(grapheme) == 1))
            broken += any(
                grapheme not in several and (len(grapheme) > 1 or grapheme in parts) for grapheme in target
            )
        own = set(text.lower()) | set(text)
        for char in new:
            if not char.isalpha() or char in own or char.lower() in own or char.lower() in alphabet:
                continue
            if unicodedata.name(char, "").startswith(SCRIPTS.get(language, ("nothing",))):
                continue
            foreign += 1
    count = len(texts)
    return {
        "exact": exact / count,
        "unchanged": unchanged / count,
        "broken": broken / clustered if clustered else 0.0,
        "foreign": foreign * 10_000 / count,
        "mean": sum(rates) / count,
    }


def table(locale, path, binary, languages):
    texts = read(path)
    out = Path(path).with_suffix(".noisy.json")
    print(f"\n{locale}: {len(texts)} lines, {sum(map(len, texts)) / len(texts):.1f} characters on average")
    print("| tool | noisy lines a CPU second | distance, mean | exact | unchanged | broken clusters | foreign letters |")
    print("|---|---|---|---|---|---|---|")

    def row(name, seconds, count):
        with open(out, encoding="utf-8") as file:
            found = judge(locale, texts, json.load(file), languages)
        cells = [f"{count / seconds:,.0f}", f"{found['mean']:.1%}", f"{found['exact']:.2%}", f"{found['unchanged']:.2%}"]
        cells += [f"{found['broken']:.1%}", f"{found['foreign']:,.0f}"]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)

    def median(values):
        return sorted(values)[len(values) // 2]

    repeats = 10
    row("aacorn", median([ours(binary, locale, path, out, repeats) for _ in range(3)]), 12 * repeats * len(texts))
    for name in ["nlpaug", "textnoisr", "multypo", "fasttextaug"]:
        command = [sys.executable, __file__, "tool", name, locale, path, out]
        seconds = []
        for _ in range(3):
            said = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
            seconds.append(json.loads(said.splitlines()[-1]))
        if None in seconds:
            print(f"| {name} | has no such keyboard | | | | | |")
        else:
            row(name, median(seconds), len(texts))


if __name__ == "__main__":
    {"lines": lines, "table": table, "tool": tool}[sys.argv[1]](*sys.argv[2:])
