using Compliance.Changes.Plans;
using Compliance.Offboarding.Actions;
using Compliance.Tenants;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Execution;

/// <summary>Makes requests of steps and outcomes of answers, by the classes of the steps.</summary>
internal sealed partial class StepDispatch(
    StepRegistry registry,
    TenantConnection tenant,
    TimeProvider time,
    ILogger<StepDispatch> log
)
{
    /// <summary>The request that carries a step out; null when the plan lacks what it needs.</summary>
    public StepRequest? RequestOf(PlanStep step)
    {
        try
        {
            return registry.Request(step, tenant.GraphAddress);
        }
        catch (Exception e) when (e is ArgumentException or KeyNotFoundException or System.Text.Json.JsonException)
        {
            NoRequest(log, step.Action, step.Id, e);
            return null;
        }
    }

    /// <summary>
    /// Whether a step is a write to Graph. One that no request can be made for costs no write; which side it would be on does not matter.
    /// </summary>
    public bool IsGraph(PlanStep step) => RequestOf(step) is { IsAzure: false };

    /// <summary>Whether Graph itself takes away, with a user who is deleted, what the step is about.</summary>
    public bool EndsWithTheUser(PlanStep step) => registry.Find(step.Action) is { EndsWithTheUser: true };

    /// <summary>Whether a step is done once more after another one took effect late.</summary>
    public bool IsRepeatedAfter(PlanStep step, PlanStep late) => registry.Find(step.Action)?.RepeatedAfter == late.Action;

    /// <summary>What an answer makes of a step.</summary>
    public StepOutcome Outcome(PlanStep step, StepRequest request, StepReply reply)
    {
        var of = registry.Find(step.Action) ?? throw new ArgumentException($"there is no step {step.Action}", nameof(step));
        var (result, reason) = StepStatus.From(of, reply);
        var outcome = Ended(step, result, reason);
        return result switch
        {
            StepResult.NotPermitted => outcome with
            {
                Permission = request.Call.Permission,
                Remedy = request.Call.Grant(request.Scope, tenant.Options.ClientId) + of.PermissionNote,
            },
            StepResult.Refused when string.Equals(reply.Code, "ScopeLocked", StringComparison.OrdinalIgnoreCase) => outcome with
            {
                Remedy = "remove the lock (az lock delete), then it is tried again",
            },
            StepResult.Refused => outcome with { Remedy = $"check the reason, then: {request.Command()}" },
            StepResult.Failed => outcome with { Remedy = $"it is tried again; by hand: {request.Command()}" },
            _ => outcome,
        };
    }

    /// <summary>A step whose request cannot be made.</summary>
    public StepOutcome Unworkable(PlanStep step) =>
        Ended(step, StepResult.Refused, "the plan lacks what this step needs", "make the plan again");

    /// <summary>A step on what is gone with the user.</summary>
    public StepOutcome EndedWithTheUser(PlanStep step) => Ended(step, StepResult.AlreadySo, StepStatus.UserDeleted);

    /// <summary>The outcome of a step, now.</summary>
    public StepOutcome Ended(PlanStep step, StepResult result, string? reason, string? remedy = null) =>
        new(step.Id, result, time.GetUtcNow(), reason, Remedy: remedy);

    [LoggerMessage(3301, LogLevel.Error, "No request can be made for {Action} of step {StepId}")]
    private static partial void NoRequest(ILogger logger, string action, string stepId, Exception e);
}
