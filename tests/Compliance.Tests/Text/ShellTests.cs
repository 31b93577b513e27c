using System.Diagnostics;
using Compliance.Text;
using CsCheck;

namespace Compliance.Tests.Text;

/// <summary>Names that anybody in a tenant may have chosen, as words of a command.</summary>
public sealed class ShellTests
{
    [Theory]
    [InlineData("plain-1.2_x", "plain-1.2_x")]
    [InlineData("a'; rm -rf /", "'a'\\''; rm -rf /'")]
    [InlineData("a\nrm -rf /", "'a rm -rf /'")]
    [InlineData("$(reboot)", "'$(reboot)'")]
    [InlineData("`reboot`", "''\\''reboot'\\'''")] // grave accents would end the command in the text around it
    [InlineData("a\u202Eb", "'a b'")] // turns the order of what follows on a screen
    [InlineData("", "''")]
    [InlineData("~root", "'~root'")]
    public void A_name_becomes_one_word_of_a_shell(string name, string word) => Assert.Equal(word, Shell.Word(name));

    [Fact]
    public void A_value_that_reads_as_an_option_stays_a_value() =>
        Assert.Equal(("--name=-rf", "--name 'a b'"), (Shell.Option("--name", "-rf"), Shell.Option("--name", "a b")));

    [Theory]
    [InlineData("plain text", "plain text")]
    [InlineData("two\r\nlines", "two  lines")]
    [InlineData("a\u2028b\u2029c", "a b c")]
    [InlineData("a\u0000\u001b[31mred", "a  [31mred")]
    [InlineData("run `reboot`", "run 'reboot'")]
    [InlineData("a\U000e0041b", "a b")] // a tag character, which no screen shows
    [InlineData("na\u00efve \ud83d\ude00", "na\u00efve \ud83d\ude00")]
    public void A_text_is_shown_on_one_line_and_as_it_is(string text, string shown) => Assert.Equal(shown, Plain.Sentence(text));

    [Theory]
    [InlineData("AZaz09_./:@%+-", "AZaz09_./:@%+-")]
    [InlineData("a b", "'a b'")]
    [InlineData("a=b", "'a=b'")]
    public void Only_what_means_nothing_to_a_shell_goes_without_quotes(string text, string word) =>
        Assert.Equal(word, Shell.Word(text));

    [Fact]
    public async Task A_real_shell_reads_back_what_was_quoted()
    {
        if (OperatingSystem.IsWindows())
            return;
        var words = Gen.String[Gen.Char["ab '\"$`\\;&|<>*?#~!(){}[]=-\n\t"], 0, 12].Array[40].Single();
        var start = new ProcessStartInfo("/bin/sh")
        {
            RedirectStandardOutput = true,
            ArgumentList = { "-c", $"printf '%s\\n' {string.Join(' ', words.Select(Shell.Word))}" },
        };
        using var shell = Process.Start(start)!;
        var text = await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal(string.Concat(words.Select(w => Plain.Sentence(w) + "\n")), text);
    }
}
