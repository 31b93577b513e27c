using Compliance.Tenants;

namespace ComplianceFunctions;

/// <summary>What a caller of a function has to show.</summary>
internal abstract record Proof
{
    private Proof() { }

    /// <summary>An Entra token that carries one of these app roles.</summary>
    internal sealed record EntraRole(params IReadOnlyList<AppRole> Roles) : Proof;

    /// <summary>
    /// HR's signature, or in its place the token of an application with the role Compliance.HrSystem. The signature covers the body, so
    /// that the webhook itself judges both, and counts what it refuses.
    /// </summary>
    internal sealed record HrSystem : Proof;

    /// <summary>None: a timer, a queue or an orchestration sets it off, and no request does.</summary>
    internal sealed record NotFromOutside : Proof;
}
