using System.Text.Json;
using System.Text.RegularExpressions;

namespace SandboxTenant.Graph;

/// <summary>
/// The part of OData <c>$filter</c> the sandbox answers: <c>eq</c>, <c>ne</c>, <c>in</c>, <c>startswith()</c>, <c>not</c>, <c>and</c>,
/// <c>or</c> and parentheses over text, booleans, guids and null. Anything else is refused, as Graph refuses what it does not support.
/// </summary>
internal sealed partial class GraphFilter
{
    private readonly List<string> _tokens;
    private int _at;

    private GraphFilter(string text) => _tokens = [.. Tokens().Matches(text).Select(m => m.Value)];

    /// <summary>For a filter that is one <c>eq</c> or <c>in</c>: its property and values, so that an index can answer.</summary>
    public (string Property, IReadOnlyList<string> Values)? Exact { get; private set; }

    /// <summary>Whether an object passes.</summary>
    public Func<JsonElement, bool> Passes { get; private set; } = _ => true;

    /// <summary>Reads a filter.</summary>
    /// <exception cref="FormatException">It is not supported; the message says what.</exception>
    public static GraphFilter Parse(string text)
    {
        var filter = new GraphFilter(text);
        filter.Passes = filter.Or();
        if (filter._at < filter._tokens.Count)
            throw new FormatException($"Invalid filter clause: '{filter._tokens[filter._at]}' was not expected.");
        if (filter._tokens is not [_, "eq" or "in", ..] || filter._tokens.Any(t => t is "and" or "or"))
            filter.Exact = null;
        return filter;
    }

    private Func<JsonElement, bool> Or()
    {
        var left = And();
        while (Take("or"))
        {
            var (a, b) = (left, And());
            left = e => a(e) || b(e);
        }
        return left;
    }

    private Func<JsonElement, bool> And()
    {
        var left = Not();
        while (Take("and"))
        {
            var (a, b) = (left, Not());
            left = e => a(e) && b(e);
        }
        return left;
    }

    private Func<JsonElement, bool> Not()
    {
        if (Take("not"))
        {
            var inner = Not();
            return e => !inner(e);
        }
        if (Take("("))
        {
            var inner = Or();
            Expect(")");
            return inner;
        }
        var name = Next();
        if (name is "startswith" && Take("("))
        {
            var property = Property(Next());
            Expect(",");
            var prefix = Value(Next());
            Expect(")");
            return e => Text(e, property) is { } text && text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase);
        }
        Property(name);
        switch (Next())
        {
            case "eq":
                {
                    var value = Value(Next());
                    Exact = (name, [value]);
                    return e => Is(e, name, value);
                }
            case "ne":
                {
                    var value = Value(Next());
                    return e => !Is(e, name, value);
                }
            case "in":
                {
                    Expect("(");
                    List<string> values = [Value(Next())];
                    while (Take(","))
                        values.Add(Value(Next()));
                    Expect(")");
                    if (values.Count > 15)
                        throw new FormatException(
                            "Too many child clauses specified in search filter expression containing 'OR' operators: 15 is the limit."
                        );
                    Exact = (name, values);
                    return e => values.Exists(v => Is(e, name, v));
                }
            case var other:
                throw new FormatException($"Unsupported or invalid query filter clause specified for property '{name}': '{other}'.");
        }
    }

    private static string Property(string token) =>
        PropertyName().IsMatch(token) ? token : throw new FormatException($"Invalid filter clause: '{token}' is not a property.");

    private static string Value(string token) =>
        token switch
        {
            ['\'', .., '\''] => token[1..^1].Replace("''", "'", StringComparison.Ordinal),
            "true" or "false" or "null" => "\0" + token,
            _ when Guid.TryParse(token, out _) => token,
            _ => throw new FormatException($"Invalid filter clause: '{token}' is not a value."),
        };

    private static bool Is(JsonElement element, string property, string value)
    {
        JsonElement? found = element.TryGetProperty(property, out var e) && e.ValueKind != JsonValueKind.Null ? e : null;
        return value switch
        {
            "\0null" => found is null,
            "\0true" => found is { ValueKind: JsonValueKind.True },
            "\0false" => found is { ValueKind: JsonValueKind.False },
            _ => found is { ValueKind: JsonValueKind.String } text
                && string.Equals(text.GetString(), value, StringComparison.OrdinalIgnoreCase),
        };
    }

    private static string? Text(JsonElement element, string property) =>
        element.TryGetProperty(property, out var e) && e.ValueKind == JsonValueKind.String ? e.GetString() : null;

    private string Next() => _at < _tokens.Count ? _tokens[_at++] : throw new FormatException("Invalid filter clause: it ends too early.");

    private bool Take(string token)
    {
        if (_at >= _tokens.Count || _tokens[_at] != token)
            return false;
        _at++;
        return true;
    }

    private void Expect(string token)
    {
        if (!Take(token))
            throw new FormatException($"Invalid filter clause: '{token}' was expected.");
    }

    [GeneratedRegex(@"'(?:[^']|'')*'|[(),]|[^\s(),']+|'")]
    private static partial Regex Tokens();

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9]*$")]
    private static partial Regex PropertyName();
}
