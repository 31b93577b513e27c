using Compliance.Minimization.Inventory;

namespace Compliance.Tests.Minimization.Inventory;

/// <summary>A container that nothing keeps.</summary>
internal static class SampleContainer
{
    public static ContainerFacts Of(string account, string name) =>
        new()
        {
            Account = account,
            Name = name,
            Metadata = new Dictionary<string, string>(),
            HasLegalHold = false,
            HasImmutabilityPolicy = false,
            IsDeleted = false,
        };
}
