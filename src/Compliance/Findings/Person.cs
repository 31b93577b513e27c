namespace Compliance.Findings;

/// <summary>The person who is asked to correct a finding.</summary>
/// <param name="Id">Entra object id; null when policy names an address that is not a user of the tenant.</param>
/// <param name="Name">Display name.</param>
/// <param name="Address">User principal name or mail address.</param>
/// <param name="Via">How this person was found: <c>owner</c>, <c>tag</c>, or <c>policy</c> (the fallback owner).</param>
public sealed record Person(string? Id, string Name, string Address, string Via);
