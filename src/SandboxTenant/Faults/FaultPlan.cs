using System.Globalization;
using System.Text.RegularExpressions;
using SandboxTenant.Data;

namespace SandboxTenant.Faults;

/// <summary>The fault rules in force. All rules whose pattern fits act together; of two that set the same thing the later wins.</summary>
internal sealed class FaultPlan(IReadOnlyList<FaultRule> rules, ulong seed)
{
    /// <summary>No faults.</summary>
    public static FaultPlan None { get; } = new([], 0);

    /// <summary>The rules that no request fitted, as they were given: most often a slip in the pattern.</summary>
    public IReadOnlyList<string> Unmatched => [.. rules.Where(r => !r.Matched).Select(r => r.Text)];

    /// <summary>The lags that rules speak of.</summary>
    public IEnumerable<TimeSpan> Lags => rules.Where(r => r.Consistency is not null).Select(r => r.Consistency!.Value).Distinct();

    /// <summary>The rules that act on this request; counts it for each that fits.</summary>
    public List<FaultRule> For(string method, string target)
    {
        if (rules.Count == 0)
            return [];
        List<FaultRule> acting = [];
        foreach (var rule in rules)
            if (rule.Acts(method, target, seed))
                acting.Add(rule);
        return acting;
    }

    /// <summary>Reads a spec: rules separated by <c>;</c> or line ends, <c>#</c> starts a comment line.</summary>
    /// <exception cref="SandboxException">A rule is wrong; the message gives its number, its place in the spec and the reason.</exception>
    public static FaultPlan Parse(string? spec, ulong seed)
    {
        if (string.IsNullOrWhiteSpace(spec))
            return None;
        List<FaultRule> rules = [];
        var (position, number) = (0, 0);
        foreach (var part in spec.Split(';', '\n'))
        {
            var text = part.Trim();
            if (text.Length > 0 && text[0] != '#')
                rules.Add(Rule(text, ++number, position + part.IndexOf(text, StringComparison.Ordinal) + 1));
            position += part.Length + 1;
        }
        return new FaultPlan(rules, seed);
    }

    /// <summary>A duration as <c>500ms</c>, <c>30s</c> or <c>5m</c>; null for anything else.</summary>
    public static TimeSpan? Duration(string text)
    {
        foreach (
            var (unit, ticks) in ((string, long)[])
                [("ms", TimeSpan.TicksPerMillisecond), ("s", TimeSpan.TicksPerSecond), ("m", TimeSpan.TicksPerMinute)]
        )
            if (
                text.EndsWith(unit, StringComparison.Ordinal)
                && int.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var n)
            )
                return new TimeSpan(n * ticks);
        return null;
    }

    private static FaultRule Rule(string text, int number, int position)
    {
        SandboxException Bad(string reason) =>
            new(string.Create(CultureInfo.InvariantCulture, $"fault rule {number} (character {position}) \"{text}\": {reason}"));

        if (text.Split("=>", 2) is not [var left, var right])
            throw Bad("has no =>; a rule is [METHOD] PATTERN => action ...");
        var (method, pattern) = left.Split(' ', StringSplitOptions.RemoveEmptyEntries) switch
        {
            [var p] => ((string?)null, p),
            [var m, var p] when m.All(char.IsAsciiLetterUpper) => (m, p),
            _ => throw Bad("the left side must be [METHOD] PATTERN, the method in capitals"),
        };
        int? status = null,
            cut = null;
        string? code = null,
            retryAfter = null,
            paging = null;
        var (rate, times, after, latency) = (1.0, int.MaxValue, 0, TimeSpan.Zero);
        TimeSpan? consistency = null;
        var (drop, dropAfter, malformed, expired, acts) = (false, false, false, false, false);
        foreach (var action in right.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var cutAt = action.IndexOf('=', StringComparison.Ordinal);
            var (key, value) = cutAt < 0 ? (action, "") : (action[..cutAt], action[(cutAt + 1)..]);
            var isAction = true;
            switch (key)
            {
                case "status":
                    status = Number(value, 400, 599, "status");
                    break;
                case "code":
                    (code, isAction) = (value.Length > 0 ? value : throw Bad("code= needs a text"), false);
                    break;
                case "retry-after":
                    retryAfter =
                        value is "date" or "none" || int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _)
                            ? value
                            : throw Bad($"retry-after={value} must be whole seconds, date or none");
                    isAction = false;
                    break;
                case "rate":
                    rate =
                        value.EndsWith('%')
                        && double.TryParse(
                            value.AsSpan(0, value.Length - 1),
                            NumberStyles.AllowDecimalPoint,
                            CultureInfo.InvariantCulture,
                            out var percent
                        )
                        && percent is >= 0 and <= 100
                            ? percent / 100
                            : throw Bad($"rate={value} must be a percentage from 0% to 100%");
                    isAction = false;
                    break;
                case "times":
                    (times, isAction) = (Number(value, 1, int.MaxValue, "times"), false);
                    break;
                case "after":
                    (after, isAction) = (Number(value, 0, int.MaxValue, "after"), false);
                    break;
                case "latency":
                    latency = value.EndsWith("ms", StringComparison.Ordinal)
                        ? TimeSpan.FromMilliseconds(Number(value[..^2], 0, 600_000, "latency"))
                        : throw Bad($"latency={value} must be milliseconds, as 20ms");
                    break;
                case "drop" when cutAt < 0:
                    drop = true;
                    break;
                case "drop-after" when cutAt < 0:
                    dropAfter = true;
                    break;
                case "consistency":
                    consistency = Duration(value) ?? throw Bad($"consistency={value} must be a duration, as 500ms, 30s or 5m");
                    break;
                case "cut":
                    cut = Number(value, 0, int.MaxValue, "cut");
                    break;
                case "malformed" when cutAt < 0:
                    malformed = true;
                    break;
                case "duplicate-page" when cutAt < 0:
                    paging = "duplicate-page";
                    break;
                case "nextlink":
                    paging =
                        value == "repeat"
                        || value.StartsWith("https://", StringComparison.Ordinal) && Uri.TryCreate(value, UriKind.Absolute, out _)
                            ? value
                            : throw Bad($"nextlink={value} must be repeat or an https address");
                    break;
                case "expired-signin" when cutAt < 0:
                    expired = true;
                    break;
                default:
                    throw Bad($"there is no action {action}");
            }
            acts |= isAction;
        }
        if (!acts)
            throw Bad(
                "does nothing; give status=, latency=, drop, drop-after, consistency=, cut=, malformed, nextlink=, duplicate-page or "
                    + "expired-signin"
            );
        if (status is null && (code ?? retryAfter) is not null)
            throw Bad("code= and retry-after= go with status=");
        var glob = new Regex(
            "^" + Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal) + "$",
            RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline
        );
        return new FaultRule(text, method, glob)
        {
            Status = status,
            Code = code,
            RetryAfter = retryAfter,
            Rate = rate,
            Times = times,
            After = after,
            Latency = latency,
            Drop = drop,
            DropAfter = dropAfter,
            Consistency = consistency,
            Cut = cut,
            Malformed = malformed,
            Paging = paging,
            ExpiredSignIn = expired,
        };

        int Number(string value, int from, int to, string what) =>
            int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n >= from && n <= to
                ? n
                : throw Bad(
                    to == int.MaxValue
                        ? $"{what}={value} must be a whole number from {from}"
                        : $"{what}={value} must be a whole number from {from} to {to}"
                );
    }
}
