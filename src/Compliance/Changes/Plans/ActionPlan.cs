using Compliance.Text;

namespace Compliance.Changes.Plans;

/// <summary>What is going to be done, in order, before anything is done. Made by a pure function; a dry run ends with it.</summary>
/// <remarks>
/// It holds no time of its making, so that the same observations under the same policy give the same plan and the same id.
/// </remarks>
public sealed record ActionPlan
{
    /// <summary>What kind of plan, for example <c>offboarding.remove</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Entra tenant id.</summary>
    public required string TenantId { get; init; }

    /// <summary>The case, sweep or run the plan belongs to.</summary>
    public required string CaseId { get; init; }

    /// <summary>Object id of whom or what the plan is about.</summary>
    public required string SubjectId { get; init; }

    /// <summary>SHA-256 of the policy file the plan was made under, lower-case hex: a changed policy is a changed plan.</summary>
    public required string PolicySha256 { get; init; }

    /// <summary>The steps, in the order they are done in. Steps of one <see cref="PlanStep.Wave"/> may run side by side.</summary>
    public required IReadOnlyList<PlanStep> Steps { get; init; }

    /// <summary>
    /// What this program cannot or may not do, each with what a person should do instead. Not part of the acts, but of what is approved.
    /// </summary>
    public IReadOnlyList<ManualStep> Manual { get; init; } = [];

    /// <summary>The plan's id: SHA-256 over its canonical JSON (RFC 8785), lower-case hex. An approval names it.</summary>
    public string Id() => CanonicalJson.Sha256Of(this);
}

/// <summary>One act on one target.</summary>
/// <param name="Id">Derived from action and target (<see cref="IdOf"/>), so that the same act keeps its id in a later plan.</param>
/// <param name="Action">What is done, for example <c>group.member.remove</c>.</param>
/// <param name="Target">On what.</param>
/// <param name="Wave">Steps of a lower wave are done before those of a higher one.</param>
/// <param name="Reason">Why, in words.</param>
/// <param name="Rule">The policy rule that asks for it, as <c>file#/path</c>.</param>
/// <param name="Arguments">What the act needs beside its target, for example the principal's id. No secrets.</param>
public sealed record PlanStep(
    string Id,
    string Action,
    PlanTarget Target,
    int Wave,
    string Reason,
    string Rule,
    IReadOnlyDictionary<string, string> Arguments
)
{
    /// <summary>The id of a step.</summary>
    /// <param name="action">What is done.</param>
    /// <param name="target">On what.</param>
    /// <param name="to">Who or what takes the place, where the act is another one for another: a new owner. Null else.</param>
    public static string IdOf(string action, PlanTarget target, string? to = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        return CanonicalJson.Sha256Of(
            new
            {
                action,
                target.Type,
                target.Id,
                to,
            }
        )[..16];
    }
}

/// <summary>What a step acts on.</summary>
/// <param name="Type">For example <c>group</c>, <c>azureRoleAssignment</c>.</param>
/// <param name="Id">Its stable id in its service.</param>
/// <param name="Name">Its name as people see it; not part of the step's id.</param>
public sealed record PlanTarget(string Type, string Id, string Name);

/// <summary>Something a person has to do.</summary>
/// <param name="Target">On what.</param>
/// <param name="Why">Why this program does not do it.</param>
/// <param name="WhatToDo">What to do, with the command where there is one.</param>
public sealed record ManualStep(PlanTarget Target, string Why, string WhatToDo);

/// <summary>How a step ended.</summary>
public enum StepResult
{
    /// <summary>The service said that it is done.</summary>
    Done,

    /// <summary>There was nothing to do any more: the target state was there already.</summary>
    AlreadySo,

    /// <summary>It failed, and may be tried again.</summary>
    Failed,

    /// <summary>A permission is missing: trying again does not help until it is granted.</summary>
    NotPermitted,

    /// <summary>The service says that it never can be done this way.</summary>
    Refused,
}

/// <summary>The outcome of a step.</summary>
/// <param name="StepId">Which step.</param>
/// <param name="Result">How it ended.</param>
/// <param name="At">When (UTC).</param>
/// <param name="Reason">Why it is not done; null when it is.</param>
/// <param name="Permission">The missing permission's name; null unless <see cref="StepResult.NotPermitted"/>.</param>
/// <param name="Remedy">The command or step that corrects it; null when done.</param>
public sealed record StepOutcome(
    string StepId,
    StepResult Result,
    DateTimeOffset At,
    string? Reason = null,
    string? Permission = null,
    string? Remedy = null
)
{
    /// <summary>True when the target state was reached as far as the service says. Only a fresh read proves it.</summary>
    public bool InEffect => Result is StepResult.Done or StepResult.AlreadySo;
}
