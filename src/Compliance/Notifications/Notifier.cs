using Compliance.Findings;
using Compliance.Notifications.Messages;
using Compliance.Notifications.Policy;
using Compliance.Runs;
using Compliance.Storage;
using Microsoft.Extensions.Logging;

namespace Compliance.Notifications;

/// <summary>
/// Sends what is due to everybody it concerns: what is urgent at once, everything else as one digest a person a day in their hours. It goes
/// by what is open and by what was sent, so that a sweep that was cut off, missed or repeated loses nothing.
/// </summary>
public sealed partial class Notifier
{
    /// <summary>The function's name, under which its runs are remembered.</summary>
    public const string Name = "NotificationSweep";

    /// <summary>Container of the state account with what is kept of each recipient.</summary>
    public const string Container = "notifications";

    private static readonly string[] Controls = [.. NotificationControls.Catalogue.Ids];

    private readonly TenantId _tenant;
    private readonly NotificationPolicyFile _policy;
    private readonly IReadOnlyList<INotificationSource> _sources;
    private readonly IReadOnlyList<IEndedPeople> _ended;
    private readonly Deliveries _deliveries;
    private readonly ScheduledRuns _runs;
    private readonly ILogger<Notifier> _logger;

    internal Notifier(
        TenantId tenant,
        NotificationPolicyFile policy,
        IEnumerable<INotificationSource> sources,
        IEnumerable<IEndedPeople> ended,
        Deliveries deliveries,
        ScheduledRuns runs,
        ILogger<Notifier> logger
    )
    {
        (_tenant, _policy, _deliveries, _runs, _logger) = (tenant, policy, deliveries, runs, logger);
        _sources = [.. sources];
        _ended = [.. ended];
    }

    /// <summary>How often it should run, and how late it may be.</summary>
    internal static ScheduledControl Itself { get; } = new(Name, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(25));

    /// <summary>Sends everything that is due.</summary>
    /// <exception cref="Azure.RequestFailedException">State could not be read or written. The run does not count as done.</exception>
    /// <exception cref="Policies.PolicyException">The policy cannot be used.</exception>
    public Task RunAsync(CancellationToken cancellationToken) =>
        _runs.RunAsync(_tenant.Value, Name, run => RunAsync(run, cancellationToken), cancellationToken);

    /// <summary>
    /// The same at a signal. What keeps it from being done is logged, and left to the timer: as a message that was given up it would ask
    /// people to put back what needs no putting back.
    /// </summary>
    public async Task RunAtSignalAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RunAsync(cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LeftToTimer(e);
        }
    }

    /// <summary>Sends a test message to everybody whom the policy names, and to every room.</summary>
    public async Task<IReadOnlyList<TestDelivery>> TestAsync(CancellationToken cancellationToken)
    {
        var inForce = _policy.Load();
        var ended = await EndedAsync(inForce, [], cancellationToken);
        var outcomes = new List<TestDelivery>();
        foreach (var recipient in DeliveryPlanner.Recipients(inForce, _deliveries.Channels, []))
            outcomes.Add(
                new(
                    recipient.Key,
                    recipient.HasEnded(ended)
                        ? "their access has ended, so that they get nothing: take them out of policy/notifications.yaml"
                        : await _deliveries.TestAsync(recipient, cancellationToken)
                )
            );
        return outcomes;
    }

    private async Task<IReadOnlyCollection<string>> EndedAsync(
        NotificationPolicy policy,
        IReadOnlyList<NotificationItem> items,
        CancellationToken cancellationToken
    )
    {
        var people = DeliveryPlanner.People(policy, items);
        var ended = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var source in _ended)
            ended.UnionWith(await source.EndedAsync(people, cancellationToken));
        return ended;
    }

    private async Task<Reconciliation> RunAsync(ScheduledRun run, CancellationToken cancellationToken)
    {
        var inForce = _policy.Load();
        var all = new List<NotificationItem>();
        foreach (var source in _sources)
            all.AddRange(await source.LoadAsync(run.StartedAt, cancellationToken));
        var ended = await EndedAsync(inForce, all, cancellationToken);
        var items = DeliveryPlanner.HandOver(all, inForce, ended);
        List<Recipient> recipients =
        [
            .. DeliveryPlanner.Recipients(inForce, _deliveries.Channels, items).Where(r => !r.HasEnded(ended)),
        ];
        var kept = new Dictionary<string, DeliveryState>(StringComparer.Ordinal);
        var sent = 0;
        foreach (var recipient in recipients)
            kept[recipient.Key] = await _deliveries.LoadAsync(recipient, cancellationToken);
        var open = new OpenItems(items, run.StartedAt, inForce.Sha256);
        // Whom the last attempts did not reach comes last, so that they hold up no one else.
        foreach (var recipient in recipients.OrderBy(r => kept[r.Key].Attempts))
        {
            (kept[recipient.Key], var count) = await _deliveries.ServeAsync(recipient, kept[recipient.Key], open, cancellationToken);
            sent += count;
        }
        var none = new HashSet<string>();
        var result = await run.ReconcileAsync(
            Controls,
            _ =>
                [
                    .. NotificationDetections.Evaluate(_deliveries.Channels, recipients, kept, items),
                    .. NotificationDetections.Ended(DeliveryPlanner.Ended(inForce, ended).Count),
                ],
            new Coverage([new(NotificationDetections.Source, Complete: true, recipients.Count)], none, none),
            cancellationToken
        );
        var failed = kept.Values.Count(s => s.Failure is not null);
        if (sent > 0 || result.Changes.Count > 0)
            await run.RecordAsync(
                "notifications.send",
                Controls,
                inForce.Sha256,
                new Dictionary<string, long>
                {
                    ["recipients"] = recipients.Count,
                    ["sent"] = sent,
                    ["failed"] = failed,
                },
                result,
                cancellationToken
            );
        Swept(run.Stamp.Id, items.Count, recipients.Count, sent, failed);
        return result;
    }

    [LoggerMessage(
        6100,
        LogLevel.Information,
        "Run {RunId}: {Items} items for {Recipients} recipients, {Sent} messages sent, {Failed} failing"
    )]
    private partial void Swept(string runId, int items, int recipients, int sent, int failed);

    [LoggerMessage(6103, LogLevel.Error, "Notifications wait for their timer: the sweep at a signal failed")]
    private partial void LeftToTimer(Exception failure);
}

/// <summary>What became of a test message.</summary>
/// <param name="Recipient">Channel and address.</param>
/// <param name="Failure">Why it did not arrive; null when it did.</param>
public sealed record TestDelivery(string Recipient, string? Failure);
