using System.Collections.Concurrent;
using System.Text.Json;
using Azure.Core;
using Compliance.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Acting;

/// <summary>
/// Carries plans out: wave by wave, the Graph steps of a wave in batches of twenty, those of Resource Manager side by side. It does what the plan says and nothing else.
/// </summary>
internal sealed class PlanExecutor(TenantConnection tenant, GraphBatch batch, TimeProvider time) : IPlanExecutor
{
    // A step that still fails is left to the case's own, longer back-off, so that it does not keep the others waiting.
    private const int Attempts = 4;

    // Resource Manager counts writes and deletes by subscription: 200 at once, then ten a second.
    private const int SideBySideInASubscription = 10;

    private readonly ConcurrentDictionary<string, SemaphoreSlim> _subscriptions = new(StringComparer.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StepOutcome>> RunAsync(ActionPlan plan, IReadOnlySet<string> settled, CancellationToken stop)
    {
        var outcomes = new ConcurrentDictionary<string, StepOutcome>(StringComparer.Ordinal);
        foreach (var wave in plan.Steps.GroupBy(s => s.Wave).OrderBy(w => w.Key))
        {
            var open = wave.Where(s => !settled.Contains(s.Id)).ToList();
            foreach (var step in open.ToList())
                if (Missing(step, plan, settled, outcomes) is { } reason)
                {
                    outcomes[step.Id] = new StepOutcome(step.Id, StepResult.Failed, time.GetUtcNow(), reason, null, "the case tries again by itself");
                    open.Remove(step);
                }
            var requests = open.Select(s => (Step: s, Request: StepRequests.Of(s))).ToList();
            var azure = Task.WhenAll(requests.Where(r => r.Request.IsAzure).Select(r => AzureAsync(r.Step, r.Request, outcomes, stop)));
            await GraphAsync(requests.Where(r => !r.Request.IsAzure).ToList(), outcomes, stop);
            await azure;
        }
        return [.. plan.Steps.Where(s => outcomes.ContainsKey(s.Id)).Select(s => outcomes[s.Id])];
    }

    // An owner goes only after the new one is there.
    private static string? Missing(PlanStep step, ActionPlan plan, IReadOnlySet<string> settled, ConcurrentDictionary<string, StepOutcome> outcomes)
    {
        if (step.Action != LeaverActions.RemoveOwner)
            return null;
        var before = plan.Steps.FirstOrDefault(s => s.Action == LeaverActions.AddOwner && s.Target.Id == step.Target.Id && s.Target.Type == step.Target.Type);
        return before is null || settled.Contains(before.Id) || (outcomes.TryGetValue(before.Id, out var done) && done.InEffect) ? null : "the new owner is not there yet";
    }

    private async Task GraphAsync(List<(PlanStep Step, StepRequest Request)> requests, ConcurrentDictionary<string, StepOutcome> outcomes, CancellationToken stop)
    {
        if (requests.Count == 0)
            return;
        var answers = await batch.SendAsync(requests.Select(r => new BatchRequest(r.Step.Id, r.Request.Method, r.Request.Path, r.Request.Body)), stop, Attempts);
        foreach (var (step, request) in requests)
        {
            var answer = answers[step.Id];
            outcomes[step.Id] = StepStatus.Of(step, request.Call, answer.Status, answer.Code, answer.Message ?? answer.Reason, tenant.Options.ClientId, time.GetUtcNow());
        }
    }

    private async Task AzureAsync(PlanStep step, StepRequest request, ConcurrentDictionary<string, StepOutcome> outcomes, CancellationToken stop)
    {
        var room = _subscriptions.GetOrAdd(SubscriptionOf(request.Path), _ => new SemaphoreSlim(SideBySideInASubscription));
        await room.WaitAsync(stop);
        try
        {
            var (status, code, message) = await SendAsync(request, stop);
            outcomes[step.Id] = StepStatus.Of(step, request.Call, status, code, message, tenant.Options.ClientId, time.GetUtcNow());
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            var failure = ReadFailure.Of(e, request.Call, null, tenant.Options.ClientId);
            outcomes[step.Id] = new StepOutcome(step.Id, StepResult.Failed, time.GetUtcNow(), failure.Reason, null, "the case tries again by itself");
        }
        finally
        {
            room.Release();
        }
    }

    private async Task<(int Status, string? Code, string? Message)> SendAsync(StepRequest request, CancellationToken stop)
    {
        using var message = tenant.ResourceManagerPipeline.CreateMessage();
        message.Request.Method = RequestMethod.Parse(request.Method);
        message.Request.Uri.Reset(new Uri(tenant.ResourceManagerAddress + request.Path));
        if (request.Body is not null)
        {
            message.Request.Headers.Add("Content-Type", "application/json");
            message.Request.Content = RequestContent.Create(JsonSerializer.SerializeToUtf8Bytes(request.Body));
        }
        await tenant.ResourceManagerPipeline.SendAsync(message, stop);
        var status = message.Response.Status;
        if (status < 400)
            return (status, null, null);
        try
        {
            // {"error":{"code":"ScopeLocked","message":"…"}}
            using var body = JsonDocument.Parse(message.Response.Content);
            var error = body.RootElement.GetProperty("error");
            return (status, error.GetProperty("code").GetString(), error.GetProperty("message").GetString());
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return (status, null, "the answer has no error that could be read");
        }
    }

    private static string SubscriptionOf(string path) => path.Split('/') is ["", var first, var id, ..] && first.Equals("subscriptions", StringComparison.OrdinalIgnoreCase) ? id : "";
}
