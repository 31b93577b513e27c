using System.Text;
using Compliance.Ledger.Format;
using Compliance.Ledger.Verification;
using ComplianceCli;

namespace Compliance.Tests.Ledger.Verification;

/// <summary>A downloaded ledger whose text files a tool has changed: it is not intact, and is named as what it is.</summary>
public sealed class ConvertedCopyTests
{
    private static readonly byte[] Mark = [0xEF, 0xBB, 0xBF];

    [Fact]
    public async Task Line_ends_changed_throughout_are_named_with_the_command_that_fetches_the_ledger_again()
    {
        using var ledger = await LedgerFolder.OfAsync(600, 300, 600);
        foreach (var path in TextFiles(ledger))
            ledger.Write(path, CarriageReturns(ledger.Read(path)));

        var problem = await OnlyProblemAsync(ledger);

        Texts.Ledger.Expect("a copy whose line ends were changed", problem.Message);
    }

    [Theory]
    [InlineData("checkpoint")]
    [InlineData("log/2026-11-0001.jsonl")]
    [InlineData("checkpoints/300")]
    public async Task One_file_that_an_editor_saved_is_named(string path)
    {
        using var ledger = await LedgerFolder.OfAsync(600, 300, 600);
        ledger.Write(path, CarriageReturns(ledger.Read(path)));
        var problem = await OnlyProblemAsync(ledger);
        Assert.Contains($" from LF to CRLF in {path},", problem.Message, StringComparison.Ordinal);

        ledger.Write(path, [.. Mark, .. ledger.Read(path)]);
        problem = await OnlyProblemAsync(ledger);
        Assert.Contains($" in {path},", problem.Message, StringComparison.Ordinal);
        Texts.Ledger.Expect("a file that an editor saved", path, problem.Message);
    }

    [Fact]
    public async Task A_byte_order_mark_alone_is_named()
    {
        using var ledger = await LedgerFolder.OfAsync(3, 3);
        ledger.Write(ledger.Log, [.. Mark, .. ledger.Read(ledger.Log)]);

        var problem = await OnlyProblemAsync(ledger);
        Texts.Ledger.Expect("a byte-order mark alone", problem.Message);
    }

    [Fact]
    public async Task A_record_changed_in_a_converted_copy_is_tampering()
    {
        using var ledger = await LedgerFolder.OfAsync(20, 10, 20);
        ledger.Edit(lines => lines[7] = lines[7].Replace("\"objects\":7", "\"objects\":8", StringComparison.Ordinal));
        ledger.Write(ledger.Log, CarriageReturns(ledger.Read(ledger.Log)));

        Assert.Equal(LedgerVerdict.Tampered, (await ledger.VerifyAsync()).Verdict);
    }

    [Fact]
    public async Task One_line_end_changed_among_many_is_tampering_since_no_tool_leaves_lines_out()
    {
        using var ledger = await LedgerFolder.OfAsync(20, 20);
        ledger.Edit(lines => lines[0] += '\r');

        Assert.Equal(LedgerVerdict.Tampered, (await ledger.VerifyAsync()).Verdict);
    }

    [Fact]
    public async Task A_log_over_several_buffers_keeps_every_byte_but_the_ends_of_its_lines()
    {
        // A carriage return at the last byte of a buffer, one within a line, and one at the very end.
        var lines = string.Concat(Enumerable.Range(0, 3000).Select(i => new string((char)('a' + (i % 26)), i % 131) + "\n")) + "x\ry\n\r";
        foreach (var shift in Enumerable.Range(0, 3))
        {
            var text = Encoding.ASCII.GetBytes(new string('s', shift) + lines);
            byte[] converted = [.. Mark, .. CarriageReturns(text)];
            Assert.Equal(text, await PutBackLineEnds.RestoreAsync(converted, TestContext.Current.CancellationToken));
            Assert.Equal(text, await PutBackLineEnds.RestoreAsync(text, TestContext.Current.CancellationToken));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_command_says_not_intact_with_a_key_of_either_form_and_ends_with_exit_code_2(bool pem)
    {
        using var ledger = await LedgerFolder.OfAsync(600, 300, 600);
        foreach (var path in TextFiles(ledger))
            ledger.Write(path, [.. Mark, .. CarriageReturns(ledger.Read(path))]);
        var key = Path.Combine(ledger.Root, "key");
        await File.WriteAllTextAsync(key, pem ? ledger.Key.ToPem() : ledger.Key.Format(), TestContext.Current.CancellationToken);
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };

        string[] arguments = ["evidence", "verify", "--folder", ledger.Root, "--key-file", key];
        var code = await Commands.InvokeAsync(arguments, output, errors, TestContext.Current.CancellationToken);

        Assert.Equal((2, ""), (code, errors.ToString()));
        Assert.StartsWith("NOT INTACT ", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("\nWrong       ConvertedCopy: ", output.ToString(), StringComparison.Ordinal);
    }

    private static async Task<LedgerProblem> OnlyProblemAsync(LedgerFolder ledger)
    {
        var result = await ledger.VerifyAsync();
        Assert.Equal((LedgerVerdict.CannotTell, LedgerProblemKind.ConvertedCopy), (result.Verdict, result.Problems[0].Kind));
        return Assert.Single(result.Problems);
    }

    private static string[] TextFiles(LedgerFolder ledger) =>
        [LedgerLayout.Head, ledger.Log, LedgerLayout.Checkpoint(300), LedgerLayout.Checkpoint(600)];

    private static byte[] CarriageReturns(byte[] bytes) =>
        Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(bytes).Replace("\n", "\r\n", StringComparison.Ordinal));
}
