"""A text in other common words: nothing that is asked for changes, and it is not the same again."""

from training.pocket.language import collage, rewording
from training.pocket.language.checks import holds, share_repeated
from training.pocket.language.draw import Draw


def test_common_words_change_and_keep_their_capitals() -> None:
    assert rewording.reworded("It’s nearly done. Maybe tonight!") == (
        "It is almost done. Perhaps this evening!"
    )


def test_words_of_a_value_stay() -> None:
    assert rewording.reworded("She sold the Nearly New Shop, nearly.", ["Nearly New Shop"]) == (
        "She sold the Nearly New Shop, almost."
    )


def test_a_part_of_a_word_and_capitals_that_shout_stay() -> None:
    assert rewording.reworded("soonest, VERY well-nigh") == "soonest, VERY well-nigh"


def test_an_article_follows_the_word_after_it() -> None:
    kept = ("empty jar", "full one")
    assert rewording.reworded("an almost empty jar, a nearly full one", kept) == (
        "a nearly empty jar, an almost full one"
    )


def test_with_a_draw_a_share_of_the_phrases_changes() -> None:
    text = "nearly " * 400
    changed = rewording.reworded(text, (), Draw(1), 0.3).count("almost")
    assert 80 < changed < 160
    assert rewording.reworded(text, (), Draw(1), 0.3).count("almost") == changed


def test_a_reworded_text_still_holds_every_answer() -> None:
    for seed in range(60):
        draw = Draw(seed)
        told = collage.plain(draw)
        again = rewording.told_otherwise(told, draw)
        for point in told.points:
            if holds(told.text, point.answer):
                assert point.answer.casefold() in again.text.casefold()


def test_the_marks_of_a_list_go_and_its_lines_stay() -> None:
    text = "Weekend\n- [x] gutter\n* paint the hall\n2. the lamp"
    assert rewording.retold(text, ()) == ("Weekend", "gutter", "paint the hall", "the lamp")


def test_notes_go_without_articles_but_for_those_of_values() -> None:
    text = "The van took a few of the chairs to the tennis court, a sofa too."
    assert rewording.shortened(text, ["the tennis court"]) == (
        "Van took a few of chairs to the tennis court, sofa too."
    )


def test_every_value_of_an_ordinary_text_is_kept() -> None:
    kept = asked = 0
    for seed in range(80):
        told = collage.plain(Draw(seed))
        answers = [p.answer for p in told.points if holds(told.text, p.answer)]
        again = " ".join(rewording.retold(told.text, answers))
        kept += sum(holds(again, answer) for answer in answers)
        asked += len(answers)
    assert kept > 0.98 * asked


def test_the_same_text_in_another_frame_is_a_repetition() -> None:
    text = "Rooibos for Ana, at 6."
    assert share_repeated(text, f"Dear diary,\n\n- {text}") == 1
    assert share_repeated(text, "Dear diary,\n\nAna drinks rooibos at 6.") == 0.6
