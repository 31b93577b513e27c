using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Compliance.Changes.Plans;
using Compliance.Offboarding;
using Compliance.Offboarding.Certificates;
using Compliance.Offboarding.Desk;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>Prints cases, certificates and plans. Names come from a tenant: what would move the cursor is shown as its code.</summary>
internal static class OffboardOutput
{
    /// <summary>A case on one line, with what it waits for below it.</summary>
    public static string Line(LeaverCase known)
    {
        var line = new StringBuilder($"{known.Id}  {Stage(known.Stage)}  employee {known.EmployeeId}");
        if ((known.Latest.PrincipalName ?? known.Latest.Mail ?? known.UserId) is { } who)
            line.Append(" (").Append(who).Append(')');
        line.Append(CultureInfo.InvariantCulture, $"  received {known.ReceivedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z");
        if (known.BlockedAt is { } at)
            line.Append(CultureInfo.InvariantCulture, $"  blocked after {(at - known.ReceivedAt).TotalSeconds:0.0} s");
        return Plain.Text(line.ToString()) + Cause(known) + (known.Note is { Length: > 0 } note ? $"\n  {Plain.Text(note)}" : "");
    }

    /// <summary>
    /// A stage as people read it. What this program removes is gone in a case at <see cref="LeaverStage.Clear"/>; what is left to people
    /// may remain.
    /// </summary>
    public static string Stage(LeaverStage stage) => stage == LeaverStage.Clear ? "Watched" : stage.ToString();

    /// <summary>A certificate in short: what it comes to, what was removed of each kind, and what is left.</summary>
    public static void Certificate(TextWriter output, RevocationCertificate certificate)
    {
        output.WriteLine();
        output.WriteLine($"Certificate: {CertificateHeadline.From(certificate).Text}");
        if (CertificateHeadline.Removed(certificate) is { } removed)
            output.WriteLine(removed);
        foreach (var kind in certificate.Accesses.GroupBy(a => a.Kind).OrderBy(g => g.Key))
        {
            var left = kind.Count(a => a.State != AccessState.Removed);
            output.WriteLine($"  {kind.Key,-22} {kind.Count() - left,3} removed{(left > 0 ? $", {left} not" : "")}");
        }
        if (certificate.Remaining.Count > 0)
            output.WriteLine("Left to people:");
        foreach (var task in certificate.Remaining)
            output.WriteLine(Plain.Text($"  {task.Type} {task.Name}: {task.Why}"));
        foreach (var gap in certificate.Unread)
            output.WriteLine(Plain.Text($"Not read: {gap.Source}: {gap.Reason}"));
    }

    private static string Cause(LeaverCase known)
    {
        if (known.Cause is not { } cause)
            return "";
        var answer = cause.Outcome switch
        {
            null => $"a second person confirms it until {cause.ConfirmBy.UtcDateTime:yyyy-MM-dd HH:mm}Z: compliance approvals list",
            ForCauseOutcome.Confirmed => "confirmed by a second person",
            ForCauseOutcome.Refused => "refused by a second person",
            ForCauseOutcome.Ended => "its watch is over",
            _ => "taken back by HR",
        };
        return "\n  "
            + Plain.Text(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"started for cause at {cause.At.UtcDateTime:yyyy-MM-dd HH:mm}Z by {cause.StartedBy} ({cause.Reason}); {answer}"
                )
            );
    }

    /// <summary>A document with a property a line.</summary>
    /// <param name="json">The document, UTF-8.</param>
    /// <exception cref="CliException">It is no JSON.</exception>
    public static string Pretty(ReadOnlyMemory<byte> json)
    {
        try
        {
            var pretty = JsonSerializer.Serialize(JsonNode.Parse(json.Span), ComplianceJson.Readable);
            return string.Join('\n', pretty.Split('\n').Select(l => Plain.Text(l.TrimEnd('\r'))));
        }
        catch (JsonException e)
        {
            throw new CliException("the document that the app gave is not JSON", e);
        }
    }

    /// <summary>The steps of plans, each once: what one plan does, another may confirm.</summary>
    public static void Steps(TextWriter output, IReadOnlyList<ActionPlan> plans)
    {
        var steps = plans.SelectMany(p => p.Steps).DistinctBy(s => s.Id, StringComparer.Ordinal).ToList();
        // One role at two places are two steps, and two things may have one name.
        var names = steps.CountBy(Name).ToDictionary();
        foreach (var step in steps)
        {
            var id = names[Name(step)] > 1 ? $" [{step.Target.Id}]" : "";
            output.WriteLine(Plain.Text($"  {Name(step)}{id}  ({step.Reason})"));
        }
        foreach (var step in plans.SelectMany(p => p.Manual).Distinct())
        {
            output.WriteLine(Plain.Text($"  by hand: {step.Target.Type} {step.Target.Name}: {step.Why}"));
            output.WriteLine(Plain.Text($"           {step.WhatToDo}"));
        }
    }

    private static string Name(PlanStep step) =>
        $"{step.Action,-28} {step.Target.Name}{(step.Arguments.TryGetValue("scope", out var scope) ? $" on {scope}" : "")}";

    /// <summary>A dry run.</summary>
    /// <returns>Exit code: 0 when there is a plan, else 1.</returns>
    public static int Plan(TextWriter output, DryRun dry)
    {
        if (dry.Remove is not { } remove || dry.Block is not { } block)
        {
            output.WriteLine(Plain.Text($"No plan: {dry.Problem}"));
            return 1;
        }
        if (dry.Holds.Count > 0)
            output.WriteLine("Would wait for two approvals:");
        foreach (var hold in dry.Holds.Distinct(StringComparer.Ordinal))
            output.WriteLine(Plain.Text($"  {hold}"));
        Steps(output, dry.Group is { } group ? [block, group, remove] : [block, remove]);
        foreach (var unread in dry.Unread)
            output.WriteLine(Plain.Text($"  not read: {unread}"));
        output.WriteLine("Nothing was changed.");
        return 0;
    }
}
