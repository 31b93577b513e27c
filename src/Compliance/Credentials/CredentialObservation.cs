using Compliance.Findings;

namespace Compliance.Credentials;

/// <summary>What one run has read, judged by policy.</summary>
internal sealed record CredentialObservation
{
    /// <summary>The policy that holds in this run.</summary>
    public required CredentialPolicy Policy { get; init; }

    /// <summary>The tenant.</summary>
    public required string TenantId { get; init; }

    /// <summary>The run.</summary>
    public required RunStamp Run { get; init; }

    /// <summary>What was read, and what of it failed.</summary>
    public required RunInventory Inventory { get; init; }

    /// <summary>Turns what failed into detections.</summary>
    public required DetectionBuilder Builder { get; init; }

    /// <summary>What is wrong with the credentials that were read.</summary>
    public required IReadOnlyList<Detection> Found { get; init; }

    /// <summary>What was asked about what failed.</summary>
    public required DetectionAnswers Answers { get; init; }

    /// <summary>Each question about single objects as a source.</summary>
    public required IReadOnlyList<SourceOutcome> Questions { get; init; }

    /// <summary>What the policy's author should know after the credentials were judged.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>The questions that were not answered for every object.</summary>
    public IEnumerable<SourceOutcome> Unanswered => Questions.Where(o => !o.Complete);
}
