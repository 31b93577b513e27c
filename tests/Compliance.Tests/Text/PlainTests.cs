using System.Text;
using Compliance.Text;

namespace Compliance.Tests.Text;

/// <summary>What strangers may have written, harmless on a terminal.</summary>
public sealed class PlainTests
{
    [Theory]
    [InlineData("Billing \u00e9 \ud83d\ude00", "Billing \u00e9 \ud83d\ude00")]
    [InlineData("\u001b[31mred", "\\u001b[31mred")]
    [InlineData("a\r\nb", "a\\u000d\\u000ab")]
    [InlineData("a\u202eb", "a\\u202eb")]
    [InlineData("a\u2028b\u2029c", "a\\u2028b\\u2029c")]
    [InlineData("a\ue000b", "a\\ue000b")]
    [InlineData("a\u0378b", "a\\u0378b")]
    [InlineData("a\udb40\udc41b", "a\\U000e0041b")]
    public void What_could_move_reorder_or_hide_is_written_as_its_code(string text, string shown) =>
        Assert.Equal(shown, Plain.Text(text));

    [Theory]
    [InlineData("a\tb\r\nc", "a b  c")]
    [InlineData("a\u001b[31m\n\u202eb", "a\\u001b[31m \\u202eb")]
    public void Ordinary_line_breaks_are_spaces_and_the_rest_is_written_as_its_code(string text, string shown) =>
        Assert.Equal(shown, Plain.Line(text));

    [Theory]
    [InlineData("abcd", 4, "abcd")]
    [InlineData("abcde", 4, "abcd\u2026")]
    [InlineData("abcde", 0, "\u2026")]
    public void A_long_text_is_cut_off_and_shows_it(string text, int most, string shown) => Assert.Equal(shown, Plain.Text(text, most));

    [Fact]
    public void Half_a_character_is_shown_as_such() => Assert.Equal("half \ufffd", Plain.Text("half \ud83d"));

    [Fact]
    public void Bytes_are_read_as_UTF8_and_what_is_none_is_shown_as_such()
    {
        Assert.Equal("a\u00e9\ufffd", Plain.Text([.. Encoding.UTF8.GetBytes("a\u00e9"), 0xff]));
        Assert.Equal("\ud83d\ude00\u2026", Plain.Text(Encoding.UTF8.GetBytes("\ud83d\ude00\ud83d\ude00\ud83d\ude00"), 1));
        Assert.Equal(new string('x', 100) + '\u2026', Plain.Text(Encoding.UTF8.GetBytes(new string('x', 5_000)), 100));
    }
}
