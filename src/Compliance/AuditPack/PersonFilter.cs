using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using Compliance.Findings;
using Compliance.Offboarding;
using Compliance.Text;

namespace Compliance.AuditPack;

/// <summary>
/// Keeps people out of the texts of a pack: the names, addresses and ids of everybody whom the state account names, whatever looks like an
/// address, and the id of any user in a path.
/// </summary>
/// <param name="known">Names, addresses and ids of people.</param>
internal sealed partial class PersonFilter(IEnumerable<string> known)
{
    /// <summary>Replaces a person's name or id.</summary>
    public const string Person = "(person)";

    /// <summary>Replaces an address.</summary>
    public const string Address = "(address)";

    // One letter names nobody, and would be found everywhere.
    private const int MinLength = 2;

    private const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.IgnoreCase;

    private readonly PersonIndex _index = new(known.SelectMany(Forms).Where(k => k.Length >= MinLength));

    /// <summary>The text without them.</summary>
    public string In(string text) => UserPath().Replace(MailAddress().Replace(_index.Replace(text), Address), Person);

    /// <summary>The text without any id of the directory.</summary>
    public static string WithoutIds(string text) => AnyId().Replace(text, "(id)");

    /// <summary>Names, addresses and ids of people whom the state account knows.</summary>
    public static IEnumerable<string> KnownTo(
        IEnumerable<Finding> findings,
        IEnumerable<KnownApproval> approvals,
        IEnumerable<LeaverCase> cases
    ) =>
        findings
            .Select(f => f.Detection)
            .SelectMany(NamedBy)
            .Concat(
                approvals
                    .Select(a => a.Request)
                    .SelectMany(r => (string[])[r.SubjectId, .. r.Requesters, .. r.Answers.Select(answer => answer.ApproverId)])
            )
            .Concat(
                cases.SelectMany(c =>
                    new[]
                    {
                        c.UserId,
                        c.EmployeeId,
                        c.Latest.EmployeeId,
                        c.Latest.PrincipalName,
                        c.Latest.Mail,
                        c.Cause?.UserId,
                        c.Cause?.PrincipalName,
                        c.Cause?.StartedBy,
                    }
                )
            )
            .OfType<string>()
            .Where(k => k != LeaverCase.Erased)
            .Distinct(StringComparer.OrdinalIgnoreCase);

    private static IEnumerable<string?> NamedBy(Detection detection) =>
        [
            detection.Owner?.Id,
            detection.Owner?.Name,
            detection.Owner?.Address,
            detection.Waiver?.ApprovedBy,
            .. detection.Subject.Type == UserSubject ? (string[])[detection.Subject.Id, detection.Subject.Name] : [],
        ];

    /// <summary>Kind of subject that is a person.</summary>
    public const string UserSubject = Offboarding.Intake.IntakeSources.UserSubject;

    // Two short words run together may be a word of their own.
    private const int MinRunTogether = 6;

    // What people put between the words of a name: in a text, in the name of a file or an object, and within a URL.
    private static readonly string[] Separators = [" ", "\u00A0", ".", "-", "_", "+", "%20", ""];

    // As the directory has it, as next steps and URLs write it, and as people name their apps, secrets and files after themselves.
    private static IEnumerable<string> Forms(string known)
    {
        var name = known.Trim();
        return
        [
            name,
            Plain.Sentence(known).Trim(),
            name.Replace("'", "'\\''", StringComparison.Ordinal),
            Uri.EscapeDataString(name),
            .. InOtherOrders(Words(name)),
        ];
    }

    // Ann Lee, and ann.lee@example.com. A shared address such as security@example.com is no name.
    private static string[] Words(string name) =>
        name.IndexOf('@', StringComparison.Ordinal) is var at && at < 0
            ? name.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            : name[..at].Split('.', StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<string> InOtherOrders(string[] words)
    {
        if (words.Length < 2)
            return [];
        string[] lastFirst = [words[^1], .. words[..^1]];
        return Separators
            .SelectMany(between => (string[])[string.Join(between, words), string.Join(between, lastFirst)])
            .Where(form => form.Length >= MinRunTogether || form.Any(c => !char.IsLetterOrDigit(c)))
            .Append($"{words[^1]}, {string.Join(' ', words[..^1])}");
    }

    // ada@example.com, guest_example.org#EXT#@example.onmicrosoft.com, and the same within a URL; not @file, as commands have it.
    [GeneratedRegex(@"[\p{L}\p{N}\p{M}._+#&~!$*^{|}'-]+(?:@|%40)[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*", Options, 10_000)]
    private static partial Regex MailAddress();

    // graph/users/1b0f…/memberOf
    [GeneratedRegex(@"(?<=\busers/)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", Options, 10_000)]
    private static partial Regex UserPath();

    [GeneratedRegex(@"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", Options, 10_000)]
    private static partial Regex AnyId();

    /// <summary>Finds any of many words in one pass.</summary>
    private sealed class PersonIndex
    {
        private readonly HashSet<string> _words;
        private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _lookup;
        private readonly int[] _lengths;
        private readonly SearchValues<string> _search;

        public PersonIndex(IEnumerable<string> words)
        {
            _words = new(words, StringComparer.OrdinalIgnoreCase);
            _lookup = _words.GetAlternateLookup<ReadOnlySpan<char>>();
            _lengths = [.. _words.Select(w => w.Length).Distinct().OrderDescending()];
            _search = SearchValues.Create([.. _words], StringComparison.OrdinalIgnoreCase);
        }

        public string Replace(string text)
        {
            if (_words.Count == 0 || text.AsSpan().IndexOfAny(_search) < 0)
                return text;
            var result = new StringBuilder(text.Length);
            var at = 0;
            while (text.AsSpan(at).IndexOfAny(_search) is var next && next >= 0)
            {
                var start = at + next;
                var length = LengthAt(text, start);
                result.Append(text, at, next).Append(length > 0 ? Person : text[start].ToString());
                at = start + Math.Max(length, 1);
            }
            return result.Append(text, at, text.Length - at).ToString();
        }

        // The longest one, since a name may begin with another; within a longer word it is none.
        private int LengthAt(string text, int start)
        {
            if (start > 0 && char.IsLetterOrDigit(text[start - 1]))
                return 0;
            foreach (var length in _lengths.Where(l => start + l <= text.Length))
                if (IsWordEnd(text, start + length) && _lookup.Contains(text.AsSpan(start, length)))
                    return length;
            return 0;
        }

        private static bool IsWordEnd(string text, int end) => end == text.Length || !char.IsLetterOrDigit(text[end]);
    }
}
