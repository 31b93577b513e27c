using Compliance.Findings;

namespace Compliance.Credentials;

/// <summary>Reads the credentials in a scope, judges each as it is read, and asks who should act on what failed.</summary>
internal sealed class CredentialObserver(ICredentialInventory inventory, IOwnerDirectory owners, IRotationPolicies rotation)
{
    /// <summary>Reads once. What cannot be read is an outcome that is not complete.</summary>
    public async Task<CredentialObservation> ObserveAsync(
        ICheckScope scope,
        CredentialPolicy policy,
        string tenantId,
        RunStamp run,
        CancellationToken cancellationToken
    )
    {
        var (owned, ownedBy) = await OwnedByOverrideOwnersAsync(policy, cancellationToken);
        var evaluator = new CredentialEvaluator(policy, owned, run.StartedAt);
        var read = new RunInventory(evaluator);
        await scope.ReadAsync(inventory, read, cancellationToken);
        var builder = new DetectionBuilder(policy, run.StartedAt);
        var verdicts = read.Verdicts;
        var answers = await AskAsync(builder, verdicts, cancellationToken);
        return new()
        {
            Policy = policy,
            TenantId = tenantId,
            Run = run,
            Inventory = read,
            Builder = builder,
            Found = builder.Build(verdicts, answers),
            Answers = answers,
            Questions = [.. ownedBy, .. answers.Outcomes()],
            Warnings = [.. policy.Warnings.Select(w => w.ToString()), .. evaluator.Warnings],
        };
    }

    // A rule for an owner needs to know what that owner owns before anything is judged; one request an owner named in policy.
    private async Task<(IReadOnlyDictionary<string, IReadOnlySet<string>> Owned, List<SourceOutcome> Outcomes)> OwnedByOverrideOwnersAsync(
        CredentialPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var owned = new Dictionary<string, IReadOnlySet<string>>(StringComparer.OrdinalIgnoreCase);
        var outcomes = new List<SourceOutcome>();
        foreach (var address in CredentialEvaluator.OwnersToResolve(policy))
        {
            var answer = await owners.OwnedByAsync(address, cancellationToken);
            if (answer.Unread is null)
                owned[address] = answer.ObjectIds;
            outcomes.Add(OutcomeOf(address, answer));
        }
        return (owned, outcomes);
    }

    private static SourceOutcome OutcomeOf(string address, OwnedAnswer answer)
    {
        var source = Sources.OwnedBy(address);
        return answer.Unread is not { } why
            ? new(source, Complete: true, 0)
            : new(
                source,
                Complete: false,
                0,
                new Subject(SubjectTypes.Source, source, $"objects owned by {address}"),
                why,
                "Directory.Read.All",
                "make the address in the policy's override readable, or match by appId or tag instead"
            );
    }

    // Owners, people and rotation policies are asked only for what failed.
    private async Task<DetectionAnswers> AskAsync(
        DetectionBuilder builder,
        IReadOnlyList<Verdict> verdicts,
        CancellationToken cancellationToken
    )
    {
        var ownersOf = owners.OwnersAsync(DetectionBuilder.SubjectsNeedingOwners(verdicts), cancellationToken);
        var people = owners.PeopleAsync(builder.AddressesToResolve(verdicts), cancellationToken);
        var rotates = rotation.ReadAsync(DetectionBuilder.KeysNeedingRotationPolicy(verdicts), cancellationToken);
        return new(await ownersOf, await people, await rotates);
    }
}
