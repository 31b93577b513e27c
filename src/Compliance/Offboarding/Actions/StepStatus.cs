using Compliance.Changes.Plans;

namespace Compliance.Offboarding.Actions;

/// <summary>An answer of Graph or Resource Manager.</summary>
/// <param name="Status">HTTP status; 0 when there was none after all attempts.</param>
/// <param name="Code">The service's error code; null when there is none.</param>
/// <param name="Message">The service's message, or why there was no answer.</param>
/// <param name="Value">The answer's bare boolean (<c>{"value":true}</c>); null when it has none.</param>
internal sealed record StepReply(int Status, string? Code, string? Message, bool? Value = null)
{
    /// <summary>True when code or message contains one of these.</summary>
    public bool Mentions(IEnumerable<string> parts) =>
        parts.Any(p =>
            Code?.Contains(p, StringComparison.OrdinalIgnoreCase) == true
            || Message?.Contains(p, StringComparison.OrdinalIgnoreCase) == true
        );

    /// <summary>The answer in one line.</summary>
    public string Describe()
    {
        var text = string.IsNullOrWhiteSpace(Message) ? "no reason was given" : Message.ReplaceLineEndings(" ").Trim();
        if (text.Length > 400)
            text = string.Concat(text.AsSpan(0, 400), "…");
        var named = Code is null || text.Contains(Code, StringComparison.OrdinalIgnoreCase) ? text : $"{Code}: {text}";
        return Status == 0 ? named : $"{Status}, {named}";
    }
}

/// <summary>What an answer means for a step.</summary>
/// <param name="Result">How the step ended.</param>
/// <param name="Reason">Why, in words; null when it was done.</param>
internal sealed record StepAnswer(StepResult Result, string? Reason)
{
    /// <summary>Done.</summary>
    public static readonly StepAnswer Done = new(StepResult.Done, null);

    /// <summary>What the step takes away was gone.</summary>
    public static readonly StepAnswer Gone = new(StepResult.AlreadySo, "it was not there any more");

    /// <summary>The user is gone, and with it what the step is about.</summary>
    public static readonly StepAnswer UserDeleted = new(StepResult.AlreadySo, StepStatus.UserDeleted);
}

/// <summary>
/// What Graph's and Resource Manager's answers mean for every step; what one means for a single action is in that action's class. Pure; a
/// table of tests holds it.
/// </summary>
internal static class StepStatus
{
    /// <summary>Why everything that belonged to a user is gone.</summary>
    public const string UserDeleted = "the user was deleted";

    // Parts of the messages and codes with which the services say that the target state is there already.
    private static readonly string[] Present =
    [
        "already exist",
        "already assigned",
        "RoleAssignmentExists",
        "Request_MultipleObjectsWithSameKeyValue",
    ];
    private static readonly string[] Absent =
    [
        "RoleAssignmentDoesNotExist",
        "does not exist",
        "does not have a corresponding license",
        "ResourceNotFound",
    ];

    /// <summary>The outcome of a step.</summary>
    public static StepAnswer From(ILeaverStep step, StepReply reply)
    {
        if (step.Read(reply) is { } own)
            return own;
        var isGiving = step.Effect == StepEffect.Gives;
        return reply.Status switch
        {
            >= 200 and < 300 => StepAnswer.Done,
            400 or 409 when isGiving && reply.Mentions(Present) => new(StepResult.AlreadySo, "it was there already"),
            400 or 409 when step.Effect == StepEffect.TakesAway && reply.Mentions(Absent) => StepAnswer.Gone,
            404 or 410 when !isGiving => StepAnswer.Gone,
            403 => new(StepResult.NotPermitted, reply.Describe()),
            // {"error":{"code":"ScopeLocked","message":"The scope '…' cannot perform delete operation because following scope(s) are
            // locked: '…'. Please remove the lock and try again."}}
            409 when string.Equals(reply.Code, "ScopeLocked", StringComparison.OrdinalIgnoreCase) => new(
                StepResult.Refused,
                reply.Describe()
            ),
            400 when reply.Mentions(step.RefusedForNow) => new(StepResult.Failed, reply.Describe()),
            400 or 405 or 422 => new(StepResult.Refused, reply.Describe()),
            _ => new(StepResult.Failed, reply.Describe()),
        };
    }
}
