using System.Globalization;
using Compliance.Findings;

namespace Compliance.Minimization.Sweeps;

/// <summary>What a sweep's report shows to be wrong. Pure.</summary>
internal static class MinimizationDetections
{
    /// <summary>The source of all these findings: the storage that this app sees.</summary>
    public const string Source = "storage/blobs";

    private const string DataSetType = "dataSet";

    /// <summary>Everything that is wrong.</summary>
    public static IReadOnlyList<Detection> Evaluate(SweepReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return [.. report.DataSets.SelectMany(set => Evaluate(set, report)), .. OfStorage(report)];
    }

    private static IEnumerable<Detection> Evaluate(DataSetReport set, SweepReport report)
    {
        if (set.State is DataSetState.Incomplete or DataSetState.NotDone)
            yield return Found(
                MinimizationControls.Overdue,
                set,
                Text($"{set.Totals.Due.Items} items of data set {set.DataSet} were due in sweep {report.SweepId}: {set.Note}"),
                "See what remains with: compliance sweep report, remove what kept it, and start another sweep"
            );
        if (set.Totals.Unknown.Items > 0)
            yield return Found(
                MinimizationControls.NotSeen,
                set,
                Text($"Of {set.Totals.Unknown.Items} items of data set {set.DataSet} something that decides is not known: they stay."),
                "Their rows in the manifests state what; most often the app may not read index tags"
            ) with
            {
                Unknown = true,
            };
        if (set.Development.Count > 0 && IsSensitive(set))
            yield return Found(
                MinimizationControls.InDevelopment,
                set,
                Text($"Data set {set.DataSet} is {set.Classification}, and is in development: {string.Join(", ", set.Development)}."),
                "Move it out of development, or replace it there by data that is not real"
            );
        if (IsPastPurpose(set, report.At))
            yield return Found(
                MinimizationControls.PurposeEnded,
                set,
                Text($"The purpose of data set {set.DataSet} ended with {set.PurposeEnds:yyyy-MM-dd}; {set.Left.Items} items are left."),
                "Let a rule delete it, or give it another purpose in policy/retention.yaml"
            );
    }

    private static IEnumerable<Detection> OfStorage(SweepReport report)
    {
        var storage = new Subject(SubjectTypes.Source, Source, "storage");
        if (report.Unclassified.Items > 0)
            yield return Found(
                MinimizationControls.Unclassified,
                storage,
                Text($"{report.Unclassified.Items} items of {report.Unclassified.Bytes} bytes are in no data set of the policy."),
                "Add a data set to policy/retention.yaml for them; the manifests of the sweep name each"
            );
        foreach (var unread in report.Unread)
            yield return Found(MinimizationControls.NotSeen, storage, unread, "Let this app read it, and start another sweep") with
            {
                Part = Short(unread),
                Unknown = true,
            };
    }

    /// <summary>What was deleted and is there again.</summary>
    /// <param name="sweepId">The sweep.</param>
    /// <param name="back">What was found, in words; empty for nothing.</param>
    public static IReadOnlyList<Detection> FoundAgain(string sweepId, IReadOnlyList<string> back) =>
        back.Count == 0
            ? []
            :
            [
                Found(
                    MinimizationControls.FoundAgain,
                    new Subject(SubjectTypes.Source, Source, "storage"),
                    string.Join(" ", back),
                    "Find out who restored it; the next sweep deletes what is due of it"
                ) with
                {
                    Part = sweepId,
                },
            ];

    /// <summary>What a sweep has seen: all, or not.</summary>
    public static Coverage Coverage(bool isComplete) =>
        new(
            [
                isComplete
                    ? new SourceOutcome(Source, Complete: true, 0)
                    : new SourceOutcome(
                        Source,
                        Complete: false,
                        0,
                        new Subject(SubjectTypes.Source, Source, "storage"),
                        "some storage could not be read",
                        Remedy: "see the findings of DATA-005"
                    ),
            ],
            new HashSet<string>(),
            new HashSet<string>()
        );

    private static bool IsSensitive(DataSetReport set) => set.Classification is "confidential" or "restricted";

    private static bool IsPastPurpose(DataSetReport set, DateTimeOffset at) =>
        set.PurposeEnds < DateOnly.FromDateTime(at.UtcDateTime) && set.Left.Items > 0;

    private static Detection Found(string control, DataSetReport set, string reason, string nextStep) =>
        Found(control, new Subject(DataSetType, set.DataSet, set.DataSet), reason, nextStep);

    private static Detection Found(string control, Subject subject, string reason, string nextStep) =>
        new()
        {
            ControlId = control,
            Severity = MinimizationControls.Catalogue.Get(control).Severity,
            Subject = subject,
            Source = Source,
            Reason = reason,
            NextStep = nextStep,
        };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    // The same as long as the same is not read.
    private static string Short(string text) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)))[..16];
}
