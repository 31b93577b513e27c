using System.Globalization;
using System.Text;
using Compliance.Text;
using CsvHelper;

namespace Compliance.Tests.Text;

/// <summary>Tables that no spreadsheet runs, and that every reader of RFC 4180 reads.</summary>
public sealed class CsvTableTests
{
    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\t=1", "'\t=1")]
    [InlineData("\r=1", "'\r=1")]
    [InlineData("\n=1", "'\n=1")]
    [InlineData("＝1", "'＝1")]
    [InlineData("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0")]
    [InlineData("=HYPERLINK(\"http://x\",\"y\")", "'=HYPERLINK(\"http://x\",\"y\")")]
    [InlineData("=1,2\r\n3", "'=1,2\r\n3")]
    [InlineData("a=1", "a=1")]
    [InlineData("\"=1\"", "\"=1\"")]
    [InlineData(" x ", " x ")]
    [InlineData("", "")]
    [InlineData("ü, \"q\" 漢", "ü, \"q\" 漢")]
    public void A_cell_that_begins_like_a_formula_gets_an_apostrophe_and_others_stay(string cell, string read)
    {
        var bytes = CsvTable.ToBytes(
            ["a", "b"],
            [
                [cell, "end"],
                [cell, cell],
            ]
        );

        using var csv = new CsvReader(new StringReader(Encoding.UTF8.GetString(bytes)), CultureInfo.InvariantCulture);
        var rows = new List<string[]>();
        while (csv.Read())
            rows.Add([csv.GetField(0)!, csv.GetField(1)!]);
        Assert.Equal(
            [
                ["a", "b"],
                [read, "end"],
                [read, read],
            ],
            rows
        );
    }

    [Fact]
    public void Lines_end_with_CR_LF_and_there_is_no_byte_order_mark() =>
        Assert.Equal(
            "a,b\r\n\"1,\",\"say \"\"x\"\"\"\r\n"u8.ToArray(),
            CsvTable.ToBytes(
                ["a", "b"],
                [
                    ["1,", "say \"x\""],
                ]
            )
        );
}
