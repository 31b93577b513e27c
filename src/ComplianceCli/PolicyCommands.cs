using System.CommandLine;
using System.Globalization;
using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Policy;
using Compliance.Policies;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>Checks the policy of retention, and shows what it means for one blob. Nothing is asked of a service.</summary>
internal sealed class PolicyCommands(TextWriter output, TimeProvider time)
{
    private readonly Option<string?> _blob = Text("--blob", "The blob, as ACCOUNT/CONTAINER/NAME", "BLOB");
    private readonly Option<string?> _created = Text("--created", "When it was made, ISO 8601", "TIME");
    private readonly Option<string?> _modified = Text("--last-modified", "When it was last written, ISO 8601", "TIME");
    private readonly Option<string?> _accessed = Text("--last-accessed", "When it was last read, ISO 8601", "TIME");
    private readonly Option<string?> _at = Text("--at", "The time to judge by, ISO 8601; now without it", "TIME");
    private readonly Option<string?> _tier = Text("--tier", "Its access tier: Hot, Cool, Cold or Archive; Hot without it", "TIER");
    private readonly Option<string[]> _tags = new("--tag")
    {
        Description = "An index tag of it, KEY=VALUE; may be repeated",
        HelpName = "TAG",
    };

    private readonly Option<string[]> _metadata = new("--metadata")
    {
        Description = "Metadata of it, KEY=VALUE; may be repeated",
        HelpName = "DATA",
    };

    /// <summary>The command with its subcommand.</summary>
    public Command Create()
    {
        var file = new Argument<string>("FILE")
        {
            Description = "A retention policy, such as src/ComplianceFunctions/policy/retention.yaml",
        };
        var check = AppCommands.Create(
            "check",
            "Whether a retention policy can be used; with --blob which rule applies to that blob, and why",
            file,
            _blob,
            _created,
            _modified,
            _accessed,
            _at,
            _tier,
            _tags,
            _metadata
        );
        check.SetAction(parsed => Check(parsed, parsed.GetValue(file)!));
        return new Command("policy", "The policy of retention") { check };
    }

    private int Check(ParseResult parsed, string file)
    {
        var policy = Load(file);
        if (parsed.GetValue(_blob) is not { } blob)
        {
            Summarize(policy);
            return 0;
        }
        var now = Time(parsed, _at) ?? time.GetUtcNow();
        var facts = Facts(parsed, blob);
        var evaluator = new RetentionEvaluator(policy, new HashSet<string>());
        // Which are the newest is not known from one blob: where it would decide, a line of its own notes it.
        var decision = evaluator.Decide(facts, NewestBlobs.None, now);
        output.WriteLine(Plain.Text($"{Verdict(decision)}: {decision.Reason}"));
        if (decision.DataSet is { } decides)
        {
            output.WriteLine(Plain.Text($"  decided by data set {decides.Id} (line {decides.Line}), owner {decides.Owner}"));
            if ((decision.Rule?.KeepNewest ?? decides.KeepNewest) is > 0 and var newest)
                output.WriteLine($"  unless it is among the {newest} newest of its container, which are kept");
        }
        foreach (var other in decision.Others)
            output.WriteLine(Plain.Text($"  also in data set {other.Id} (line {other.Line}), which is less specific or keeps less long"));
        return 0;
    }

    private void Summarize(RetentionPolicy policy)
    {
        foreach (var set in policy.DataSets)
        {
            var kind = set.Tables is null ? "" : " rows of tables,";
            var people = set.Approver is { } approver ? $"owner {set.Owner}, approver {approver}" : $"owner {set.Owner}";
            output.WriteLine(Plain.Text($"{set.Id}:{kind} {set.Classification.ToString().ToLowerInvariant()}, {Rules(set)}; {people}"));
        }
        foreach (var overlap in policy.Overlaps)
        {
            var (first, second) = (overlap.First, overlap.Second);
            output.WriteLine(
                Plain.Text($"Warning: {first.Id} (line {first.Line}) and {second.Id} (line {second.Line}) can both have {overlap.Where}.")
            );
            output.WriteLine(Plain.Text($"  {Decides(overlap)}; a hold or an exception of either keeps."));
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The policy can be used. Data sets: {policy.DataSets.Count}."));
    }

    private static string Decides(DataSetOverlap overlap) =>
        overlap.Decides is { } set ? $"There {set.Id} decides: {overlap.Why}" : $"There either decides: {overlap.Why}";

    private static RetentionPolicy Load(string file)
    {
        try
        {
            return RetentionPolicyLoader.LoadFile(file);
        }
        catch (PolicyException e)
        {
            throw new CliException(string.Join('\n', e.Problems), e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{file} cannot be read: {e.Message}", e);
        }
    }

    private BlobFacts Facts(ParseResult parsed, string blob)
    {
        if (blob.Split('/', 3) is not [{ Length: > 0 } account, { Length: > 0 } container, { Length: > 0 } name])
            throw Usage($"--blob is '{blob}': give ACCOUNT/CONTAINER/NAME");
        return new()
        {
            Account = account,
            Container = container,
            Name = name,
            IsCurrent = true,
            IsBlockBlob = true,
            Created = Time(parsed, _created),
            LastModified = Time(parsed, _modified),
            LastAccessed = Time(parsed, _accessed),
            Tier = parsed.GetValue(_tier) ?? "Hot",
            Tags = Pairs(parsed, _tags, StringComparer.Ordinal),
            Metadata = Pairs(parsed, _metadata, StringComparer.OrdinalIgnoreCase),
            HasLegalHold = false,
            Size = 0,
            ETag = "\"given\"",
        };
    }

    private static DateTimeOffset? Time(ParseResult parsed, Option<string?> option)
    {
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (parsed.GetValue(option) is not { } text)
            return null;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, Utc, out var time)
            ? time
            : throw Usage($"{option.Name} is '{text}': give an ISO 8601 time, for example 2027-01-31T08:00:00Z");
    }

    private static Dictionary<string, string> Pairs(ParseResult parsed, Option<string[]> option, StringComparer comparer)
    {
        var pairs = new Dictionary<string, string>(comparer);
        foreach (var text in parsed.GetValue(option) ?? [])
            if (text.Split('=', 2) is not [{ Length: > 0 } key, var value] || !pairs.TryAdd(key, value))
                throw Usage($"{option.Name} is '{text}': give KEY=VALUE, each key once");
        return pairs;
    }

    private static string Verdict(Decision decision) =>
        decision.Action is { } action ? $"due for {action.ToString().ToLowerInvariant()}" : decision.Verdict.ToString().ToLowerInvariant();

    private static string Rules(DataSet set) =>
        string.Join(", ", set.Rules.Select(r => $"{r.Action.ToString().ToLowerInvariant()} after {r.After} ({r.Id})"));

    private static CliException Usage(string message) => new(message) { IsUsage = true };

    private static Option<string?> Text(string name, string description, string value) =>
        new(name) { Description = description, HelpName = value };
}
