using System.Text;
using Compliance.Ledger.Format;

namespace Compliance.Tests.Ledger.Format;

/// <summary>A line is read in one of two ways, the quick one where the log's writer wrote it. Both come to the same.</summary>
public sealed class RecordFactsTests
{
    private const string Line =
        """{"action":"offboarding.remove","actor":"LeaverCase (HR event)","controls":["LEAVE-001","LEAVE-002"],"counts":{"a":0,"b":12}"""
        + ""","id":"p-1-remove","loggedAt":"2026-11-30T06:00:01.250Z","none":[],"nothing":{},"reason":"Größe 😀","version":1}""";

    private static readonly string[] Parts =
    [
        "\"",
        "\\",
        "\\\"",
        "\\u0022",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        " ",
        "\t",
        "\u0001",
        "\u007f",
        "é",
        "0",
        "1",
        "01",
        "-1",
        "1.0",
        "1e3",
        "true",
        "null",
        "\"id\"",
        "\"id\":\"x\",",
        "\"id\":7,",
        "\"version\":2,",
        "\"version\":\"1\",",
        "\"version\":1,",
        "\"version\":01,",
        "\"action\":\"ledger.closed\",",
        "\"action\":\"ledger.clock-back\",",
        "\"action\":null,",
        "\"loggedAt\":\"2026-02-30T06:00:01.250Z\",",
        "\"loggedAt\":\"2026-11-30T06:00:01+02:00\",",
        "\"loggedAt\":\"2026-11-30T24:00:01.250Z\",",
        "\"loggedAt\":1,",
        "\"a\":[1],",
        "\"a\":[\"b\",],",
        "\"a\":{\"b\":\"c\"},",
        "\"a\":{\"b\":[]},",
        "\"a\":{},",
        ",}",
    ];

    [Fact]
    public void A_record_as_it_is_written_is_understood()
    {
        var facts = RecordFacts.Parse(Encoding.UTF8.GetBytes(Line));
        var loggedAt = new DateTimeOffset(2026, 11, 30, 6, 0, 1, 250, TimeSpan.Zero);
        Assert.Equal((LineForm.Record, "p-1-remove", true, loggedAt, false, false), Facts(facts));
    }

    [Fact]
    public void Whatever_is_put_into_a_record_both_ways_to_read_it_come_to_the_same()
    {
        var line = Encoding.UTF8.GetBytes(Line);
        for (var at = 1; at <= line.Length; at++)
        {
            foreach (var part in Parts)
                Compare([.. line[..at], .. Encoding.UTF8.GetBytes(part), .. line[at..]]);
        }
    }

    [Fact]
    public void Whatever_byte_is_changed_lost_or_cut_off_both_ways_come_to_the_same()
    {
        var line = Encoding.UTF8.GetBytes(Line);
        for (var at = 1; at < line.Length; at++)
        {
            Compare([.. line[..at], .. line[(at + 1)..]]);
            Compare(line[..at]);
            for (var value = 0; value < 256; value++)
                Compare([.. line[..at], (byte)value, .. line[(at + 1)..]]);
        }
    }

    [Theory]
    [InlineData(60)]
    [InlineData(61)]
    [InlineData(62)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(1000)]
    public void Whatever_the_length_both_ways_come_to_the_same(int length)
    {
        const string begin = """{"id":"x","reason":" """;
        Compare(Encoding.UTF8.GetBytes(begin + new string('y', length - begin.Length - 2) + "\"}"));
        Compare(Encoding.UTF8.GetBytes(begin + new string('y', length - begin.Length - 3) + "\"}}"));
    }

    private static void Compare(byte[] line)
    {
        var (one, other) = (Facts(RecordFacts.Parse(line)), Facts(RecordFacts.ParseAny(line)));
        Assert.True(one == other, $"{Encoding.UTF8.GetString(line)}\n{one}\n{other}");
    }

    private static (LineForm, string?, bool, DateTimeOffset?, bool, bool) Facts(RecordFacts facts) =>
        (facts.Form, facts.Id, facts.Known, facts.LoggedAt, facts.Closing, facts.ClockBack);
}
