using Compliance.Policies;

namespace Compliance.Offboarding.Policy;

/// <summary>Gives the offboarding policy in force.</summary>
internal interface IOffboardingPolicySource
{
    /// <summary>Reads the policy afresh: a case is judged by what holds when it runs.</summary>
    /// <exception cref="PolicyException">It cannot be used; every problem is listed.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    OffboardingPolicy Load();
}
