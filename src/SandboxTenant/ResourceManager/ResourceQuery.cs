using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace SandboxTenant.ResourceManager;

/// <summary>
/// The part of the Resource Graph query language the sandbox answers: one table, then <c>where</c>, <c>project</c>, <c>order by</c> and
/// <c>take</c>. Anything else is refused with the reason, since an answer to half a query would be a wrong answer.
/// </summary>
internal sealed partial class ResourceQuery
{
    private readonly List<string> _tokens;
    private readonly List<Func<JsonElement, bool>> _where = [];
    private int _at;

    private ResourceQuery(string text)
    {
        _tokens = [.. Tokens().Matches(Comment().Replace(text, " ")).Select(m => m.Value)];
        if (_tokens.FirstOrDefault(t => t is "\"" or "'") is not null)
            throw new FormatException("a text has no end");
    }

    /// <summary><c>resources</c>, <c>resourcecontainers</c> or <c>authorizationresources</c>.</summary>
    public string Table { get; private set; } = "";

    /// <summary>The columns, each with the path it is read from; null for the whole row.</summary>
    public IReadOnlyList<(string Name, string Path)>? Project { get; private set; }

    /// <summary>The order, first key first.</summary>
    public IReadOnlyList<(string Path, bool Descending)> Order { get; private set; } = [];

    /// <summary>At most this many rows in all; null for no limit.</summary>
    public int? Take { get; private set; }

    /// <summary>Whether a row passes every <c>where</c>.</summary>
    public bool Passes(JsonElement row) => _where.TrueForAll(w => w(row));

    /// <summary>Reads a query.</summary>
    /// <exception cref="FormatException">It is not supported; the message says what.</exception>
    public static ResourceQuery Parse(string text)
    {
        var query = new ResourceQuery(text);
        query.Read();
        return query;
    }

    /// <summary>The value at a dotted path; names without regard to case at the top level. Null where there is none.</summary>
    public static JsonElement? Value(JsonElement row, string path)
    {
        JsonElement? at = row;
        foreach (var name in path.Split('.'))
        {
            if (at is not { ValueKind: JsonValueKind.Object } parent)
                return null;
            at = null;
            foreach (var property in parent.EnumerateObject())
                if (property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                    at = property.Value;
        }
        return at is { ValueKind: JsonValueKind.Null } ? null : at;
    }

    /// <summary>A value as the language's <c>tostring()</c> gives it; empty for null.</summary>
    public static string Text(JsonElement? value) =>
        value switch
        {
            null => "",
            { ValueKind: JsonValueKind.String } text => text.GetString()!,
            { ValueKind: JsonValueKind.True } => "true",
            { ValueKind: JsonValueKind.False } => "false",
            var other => other.Value.GetRawText(),
        };

    private void Read()
    {
        Table = Next("a table").ToLowerInvariant();
        if (Table is not ("resources" or "resourcecontainers" or "authorizationresources"))
            throw new FormatException(
                $"'{Table}' is not a table the sandbox has; it has resources, resourcecontainers and authorizationresources"
            );
        while (_at < _tokens.Count)
        {
            Expect("|");
            switch (Next("an operator").ToLowerInvariant())
            {
                case "where":
                    if (Project is not null)
                        throw new FormatException("the sandbox reads where before project only");
                    _where.Add(Or());
                    break;
                case "project":
                    Project = Columns();
                    break;
                case "order" or "sort":
                    Expect("by");
                    Order = Orders();
                    break;
                case "take" or "limit":
                    Take = int.TryParse(Next("a number"), NumberStyles.None, CultureInfo.InvariantCulture, out var take)
                        ? take
                        : throw new FormatException("take needs a whole number");
                    break;
                case var other:
                    throw new FormatException(
                        $"the operator '{other}' is not one the sandbox has; it has where, project, order by and take"
                    );
            }
        }
        // After a project, the order names its columns.
        if (Project is { } columns)
            Order =
            [
                .. Order.Select(o =>
                    (columns.FirstOrDefault(c => c.Name.Equals(o.Path, StringComparison.OrdinalIgnoreCase)).Path ?? o.Path, o.Descending)
                ),
            ];
    }

    private List<(string, string)> Columns()
    {
        List<(string, string)> columns = [];
        do
        {
            var name = Next("a column");
            columns.Add(TakeToken("=") ? (name, Path()) : (name.Split('.')[^1] == name ? name : name.Replace('.', '_'), Named(name)));
        } while (TakeToken(","));
        return columns;
    }

    private List<(string, bool)> Orders()
    {
        List<(string, bool)> orders = [];
        do
        {
            var path = Path();
            // The language sorts downwards unless set otherwise.
            var descending = !TakeToken("asc");
            if (descending)
                TakeToken("desc");
            orders.Add((path, descending));
        } while (TakeToken(","));
        return orders;
    }

    private Func<JsonElement, bool> Or()
    {
        var left = And();
        while (TakeToken("or"))
        {
            var (a, b) = (left, And());
            left = e => a(e) || b(e);
        }
        return left;
    }

    private Func<JsonElement, bool> And()
    {
        var left = One();
        while (TakeToken("and"))
        {
            var (a, b) = (left, One());
            left = e => a(e) && b(e);
        }
        return left;
    }

    private Func<JsonElement, bool> One()
    {
        if (TakeToken("("))
        {
            var inner = Or();
            Expect(")");
            return inner;
        }
        var first = Peek()?.ToLowerInvariant();
        if (first is "not" or "isnull" or "isnotnull" or "isempty" or "isnotempty" && _at + 1 < _tokens.Count && _tokens[_at + 1] == "(")
        {
            _at += 2;
            Func<JsonElement, bool> test;
            if (first == "not")
            {
                var inner = Or();
                test = e => !inner(e);
            }
            else
            {
                var tested = Path();
                test = first switch
                {
                    "isnull" => e => Value(e, tested) is null,
                    "isnotnull" => e => Value(e, tested) is not null,
                    "isempty" => e => Text(Value(e, tested)).Length == 0,
                    _ => e => Text(Value(e, tested)).Length > 0,
                };
            }
            Expect(")");
            return test;
        }
        var path = Path();
        var op = Next("a comparison").ToLowerInvariant();
        if (op is "in" or "in~" or "!in" or "!in~")
        {
            var comparison = op.EndsWith('~') ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
            Expect("(");
            List<string> values = [Literal()];
            while (TakeToken(","))
                values.Add(Literal());
            Expect(")");
            var wanted = op[0] != '!';
            return e => values.Exists(v => v.Equals(Text(Value(e, path)), comparison)) == wanted;
        }
        var literal = Literal();
        return op switch
        {
            "==" => e => Text(Value(e, path)).Equals(literal, StringComparison.Ordinal),
            "!=" => e => !Text(Value(e, path)).Equals(literal, StringComparison.Ordinal),
            "=~" => e => Text(Value(e, path)).Equals(literal, StringComparison.OrdinalIgnoreCase),
            "!~" => e => !Text(Value(e, path)).Equals(literal, StringComparison.OrdinalIgnoreCase),
            "contains" => e => Text(Value(e, path)).Contains(literal, StringComparison.OrdinalIgnoreCase),
            "!contains" => e => !Text(Value(e, path)).Contains(literal, StringComparison.OrdinalIgnoreCase),
            "startswith" => e => Text(Value(e, path)).StartsWith(literal, StringComparison.OrdinalIgnoreCase),
            "endswith" => e => Text(Value(e, path)).EndsWith(literal, StringComparison.OrdinalIgnoreCase),
            _ => throw new FormatException($"the comparison '{op}' is not one the sandbox has"),
        };
    }

    // A column, or tostring(), tolower(), tobool() of one: comparisons are made on text, so the wrapping changes nothing but the case.
    private string Path()
    {
        var name = Next("a column");
        if (name.ToLowerInvariant() is not ("tostring" or "tolower" or "tobool" or "todatetime"))
            return Named(name);
        Expect("(");
        var inner = Path();
        Expect(")");
        return inner;
    }

    private static string Named(string token) =>
        ColumnName().IsMatch(token) ? token : throw new FormatException($"'{token}' is not a column");

    private string Literal()
    {
        var token = Next("a value");
        return token switch
        {
            ['\'', .., '\''] or ['"', .., '"'] => token[1..^1],
            "true" or "false" => token,
            _ when long.TryParse(token, CultureInfo.InvariantCulture, out _) => token,
            _ => throw new FormatException($"'{token}' is not a text, number or boolean"),
        };
    }

    private string? Peek() => _at < _tokens.Count ? _tokens[_at] : null;

    private string Next(string what) =>
        _at < _tokens.Count ? _tokens[_at++] : throw new FormatException($"the query ends where {what} should be");

    private bool TakeToken(string token)
    {
        if (!token.Equals(Peek(), StringComparison.OrdinalIgnoreCase))
            return false;
        _at++;
        return true;
    }

    private void Expect(string token)
    {
        if (!TakeToken(token))
            throw new FormatException($"'{token}' was expected{(Peek() is { } found ? $" before '{found}'" : " at the end")}");
    }

    [GeneratedRegex("""'[^']*'|"[^"]*"|=~|!~|==|!=|!in~|in~|!in\b|!contains|[|(),=]|[^\s|(),='"!~]+|\S""")]
    private static partial Regex Tokens();

    [GeneratedRegex(@"^\s*//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$")]
    private static partial Regex ColumnName();
}
