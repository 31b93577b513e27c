using System.Globalization;

namespace Simulation.Storage.Tables;

/// <summary>
/// A <c>$filter</c>: comparisons (<c>eq ne lt le gt ge</c>) joined by <c>and</c>, <c>or</c> and <c>not</c>. A row that lacks a property, or
/// has it with another type, meets no comparison
/// with it, not even <c>ne</c>.
/// </summary>
internal sealed class TableFilter
{
    private static readonly TableFilter Everything = new(_ => true, null, null);

    private readonly Func<TableRow, bool> _matches;

    private TableFilter(Func<TableRow, bool> matches, KeyRange? partitions, KeyRange? rows)
    {
        _matches = matches;
        Partitions = partitions ?? KeyRange.All;
        Rows = rows ?? KeyRange.All;
    }

    /// <summary>Partition keys outside of this meet the filter in no row.</summary>
    public KeyRange Partitions { get; }

    /// <summary>Likewise row keys.</summary>
    public KeyRange Rows { get; }

    /// <summary>Whether all rows that meet it are in one partition, so that the range of row keys bounds them as well.</summary>
    public bool OnePartition => Partitions.First is not null && Partitions.First == Partitions.Last;

    /// <summary>Whether no row from this one on meets it.</summary>
    public bool EndsBefore(TableRow row)
    {
        if (Partitions.Last is not { } last)
            return false;
        var order = string.CompareOrdinal(row.PartitionKey, last);
        return order > 0 || (order == 0 && OnePartition && Rows.Last is { } lastRow && string.CompareOrdinal(row.RowKey, lastRow) > 0);
    }

    /// <summary>Reads a filter.</summary>
    /// <param name="text">As it is in the query; null for none.</param>
    /// <exception cref="FormatException">It is not of this form.</exception>
    public static TableFilter Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return Everything;
        var tokens = new FilterTokens(text);
        var filter = Or(tokens);
        return tokens.AtEnd ? filter : throw tokens.Unexpected();
    }

    /// <summary>Whether a row meets it.</summary>
    public bool Matches(TableRow row) => _matches(row);

    private static TableFilter Or(FilterTokens tokens)
    {
        var left = And(tokens);
        while (tokens.Take("or"))
        {
            var (first, second) = (left, And(tokens));
            left = new(
                r => first.Matches(r) || second.Matches(r),
                first.Partitions.Cover(second.Partitions),
                first.Rows.Cover(second.Rows)
            );
        }
        return left;
    }

    private static TableFilter And(FilterTokens tokens)
    {
        var left = Not(tokens);
        while (tokens.Take("and"))
        {
            var (first, second) = (left, Not(tokens));
            left = new(r => first.Matches(r) && second.Matches(r), first.Partitions.Meet(second.Partitions), first.Rows.Meet(second.Rows));
        }
        return left;
    }

    private static TableFilter Not(FilterTokens tokens)
    {
        if (tokens.Take("not"))
        {
            var inner = Not(tokens);
            return new(r => !inner.Matches(r), null, null);
        }
        if (!tokens.Take("("))
            return Comparison(tokens);
        var grouped = Or(tokens);
        return tokens.Take(")") ? grouped : throw tokens.Unexpected();
    }

    private static TableFilter Comparison(FilterTokens tokens)
    {
        var name = tokens.Name();
        var order = tokens.Name();
        var wanted = tokens.Literal();
        Func<int, bool> fits = order switch
        {
            "eq" => c => c == 0,
            "ne" => c => c != 0,
            "lt" => c => c < 0,
            "le" => c => c <= 0,
            "gt" => c => c > 0,
            "ge" => c => c >= 0,
            _ => throw new FormatException($"'{order}' is no comparison"),
        };
        var range = wanted is string key ? KeyRange.Compared(order, key) : KeyRange.All;
        return new(
            r => Compare(r[name], wanted) is { } c && fits(c),
            name == "PartitionKey" ? range : null,
            name == "RowKey" ? range : null
        );
    }

    private static int? Compare(object? value, object wanted) =>
        (value, wanted) switch
        {
            (string a, string b) => string.CompareOrdinal(a, b),
            (bool a, bool b) => a.CompareTo(b),
            (int a, int b) => a.CompareTo(b),
            (int a, long b) => ((long)a).CompareTo(b),
            (long a, int b) => a.CompareTo(b),
            (long a, long b) => a.CompareTo(b),
            (double a, double b) => a.CompareTo(b),
            (double a, int b) => a.CompareTo(b),
            (DateTimeOffset a, DateTimeOffset b) => a.CompareTo(b),
            (Guid a, Guid b) => a.CompareTo(b),
            (byte[] a, byte[] b) => a.AsSpan().SequenceCompareTo(b),
            _ => null,
        };
}

/// <summary>Keys from one to another, both included; null where there is no bound.</summary>
internal readonly record struct KeyRange(string? First, string? Last)
{
    /// <summary>All keys.</summary>
    public static readonly KeyRange All = new(null, null);

    /// <summary>The keys that may meet a comparison.</summary>
    public static KeyRange Compared(string order, string key) =>
        order switch
        {
            "eq" => new(key, key),
            "gt" or "ge" => new(key, null),
            "lt" or "le" => new(null, key),
            _ => All,
        };

    /// <summary>Keys in both.</summary>
    public KeyRange Meet(KeyRange other) =>
        new(
            First is null || (other.First is not null && string.CompareOrdinal(other.First, First) > 0) ? other.First : First,
            Last is null || (other.Last is not null && string.CompareOrdinal(other.Last, Last) < 0) ? other.Last : Last
        );

    /// <summary>Keys in either, and what lies between.</summary>
    public KeyRange Cover(KeyRange other) =>
        new(
            First is null || other.First is null ? null
                : string.CompareOrdinal(First, other.First) < 0 ? First
                : other.First,
            Last is null || other.Last is null ? null
                : string.CompareOrdinal(Last, other.Last) > 0 ? Last
                : other.Last
        );
}

/// <summary>The text of a filter, piece by piece.</summary>
internal sealed class FilterTokens(string text)
{
    private int _at;

    /// <summary>Whether nothing is left.</summary>
    public bool AtEnd
    {
        get
        {
            Skip();
            return _at == text.Length;
        }
    }

    /// <summary>Takes this piece when it is next.</summary>
    public bool Take(string piece)
    {
        Skip();
        if (string.CompareOrdinal(text, _at, piece, 0, piece.Length) != 0)
            return false;
        var end = _at + piece.Length;
        if (char.IsLetter(piece[0]) && end < text.Length && IsName(text[end]))
            return false;
        _at = end;
        return true;
    }

    /// <summary>Takes a name.</summary>
    public string Name()
    {
        Skip();
        var start = _at;
        while (_at < text.Length && IsName(text[_at]))
            _at++;
        return _at > start ? text[start.._at] : throw Unexpected();
    }

    /// <summary>
    /// Takes a value: <c>'it''s'</c>, <c>12</c>, <c>12L</c>, <c>1.5</c>, <c>true</c>, <c>datetime'…'</c>, <c>guid'…'</c>, <c>X'0a'</c>.
    /// </summary>
    public object Literal()
    {
        Skip();
        if (_at < text.Length && text[_at] == '\'')
            return Quoted();
        var start = _at;
        while (_at < text.Length && (IsName(text[_at]) || text[_at] is '-' or '+' or '.'))
            _at++;
        var plain = text[start.._at];
        if (_at < text.Length && text[_at] == '\'')
        {
            var value = Quoted();
            return plain switch
            {
                "datetime" => DateTimeOffset.Parse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).ToUniversalTime(),
                "guid" => Guid.Parse(value),
                "X" or "binary" => Convert.FromHexString(value),
                _ => throw new FormatException($"'{plain}' is no type of a value"),
            };
        }
        return plain switch
        {
            "true" => true,
            "false" => false,
            [.. var digits, 'L'] => long.Parse(digits, CultureInfo.InvariantCulture),
            _ when int.TryParse(plain, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
            _ when double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
            _ => throw Unexpected(),
        };
    }

    /// <summary>The error that this place is not as it should be.</summary>
    public FormatException Unexpected() => new($"the filter is not understood at {_at}: {text}");

    private static bool IsName(char c) => char.IsLetterOrDigit(c) || c == '_';

    private string Quoted()
    {
        var value = QuotedText.Read(text, ref _at);
        return value ?? throw Unexpected();
    }

    private void Skip()
    {
        while (_at < text.Length && text[_at] == ' ')
            _at++;
    }
}

/// <summary>Text in single quotes, with a quote inside written twice.</summary>
internal static class QuotedText
{
    /// <summary>Reads it.</summary>
    /// <param name="text">All of the text.</param>
    /// <param name="at">Where the first quote is; afterwards what follows the last.</param>
    /// <returns>What is inside; null when it does not end.</returns>
    public static string? Read(string text, ref int at)
    {
        var start = ++at;
        var doubled = false;
        for (; at < text.Length; at++)
        {
            if (text[at] != '\'')
                continue;
            if (at + 1 == text.Length || text[at + 1] != '\'')
            {
                var inside = text[start..at++];
                return doubled ? inside.Replace("''", "'", StringComparison.Ordinal) : inside;
            }
            doubled = true;
            at++;
        }
        return null;
    }
}
