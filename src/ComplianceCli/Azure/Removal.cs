namespace ComplianceCli.Azure;

/// <summary>
/// Before <c>azd down</c>: takes away what the app was given outside the groups that azd deletes. The evidence and the app registration
/// stay.
/// </summary>
/// <param name="calls">Asks Graph and Resource Manager.</param>
/// <param name="environment">azd's values.</param>
internal sealed class Removal(AzureCalls calls, AzdEnvironment environment)
{
    /// <summary>The value of azd's environment in place of the flag, as a hook is given none: it holds the environment's name.</summary>
    public const string Variable = "COMPLIANCE_YES_REMOVE";

    /// <summary>The steps.</summary>
    /// <param name="isConfirmed">Whether <c>--yes-remove</c> was given.</param>
    /// <param name="isPrint">Whether it is only shown.</param>
    /// <exception cref="CliException">It was not confirmed.</exception>
    public IReadOnlyList<AzureStep> Steps(bool isConfirmed, bool isPrint)
    {
        if (!isPrint && !isConfirmed && environment.Find(Variable) != environment.Name)
            throw new CliException(
                $"azd down ends the app: no leaver is blocked after it. compliance azure predown --print shows what is taken away; for azd "
                    + $"down confirm it with azd env set {Variable} {environment.Name}, by hand with --yes-remove"
            );
        var steps = new List<AzureStep>();
        string? principal = null;
        if (environment.Find("COMPLIANCE_IDENTITY_PRINCIPAL_ID") is not null)
        {
            principal = environment.NeedId("COMPLIANCE_IDENTITY_PRINCIPAL_ID", "azd provision");
            steps.AddRange(new GraphGrant(calls, principal, mayBeGone: true).Steps([]));
        }
        steps.AddRange(new OwnRoles(calls, environment).Remove(principal));
        // Last: as long as it may act, no other deployment shall.
        if (environment.Find(AppRegistration.Variable) is not null)
            steps.Add(
                new EnforcementTag(calls, environment.DeploymentId).Release(environment.NeedId(AppRegistration.Variable, "azd provision"))
            );
        return steps;
    }

    /// <summary>What stays, and how it is removed.</summary>
    public IEnumerable<string> Notes() =>
        [
            $"Stays: group rg-{environment.Name}-evidence with the ledger and its key. Its lock is removed by hand once retention ended.",
            $"Stays: the app registration. az ad app delete --id {environment.Find(AppRegistration.Variable) ?? "CLIENT_ID"}",
        ];
}
