namespace Compliance.Credentials;

/// <summary>The rules that hold for one credential.</summary>
/// <param name="MaxAgeDays">Rotation is due when it is this many days old.</param>
/// <param name="MaxLifetimeDays">Most days from its start to its end.</param>
/// <param name="WarnBeforeDays">Steps, in days before its end, from far to near.</param>
/// <param name="RequireExpiry">Whether it must have an end.</param>
internal readonly record struct CredentialRules(int MaxAgeDays, int MaxLifetimeDays, IReadOnlyList<int> WarnBeforeDays, bool RequireExpiry)
{
    /// <summary>What holds when a policy says nothing.</summary>
    public static CredentialRules Default { get; } = new(90, 180, [30, 14, 7, 1], true);

    /// <summary>These rules with some replaced.</summary>
    public CredentialRules With(RuleChanges changes) =>
        new(
            changes.MaxAgeDays ?? MaxAgeDays,
            changes.MaxLifetimeDays ?? MaxLifetimeDays,
            changes.WarnBeforeDays ?? WarnBeforeDays,
            changes.RequireExpiry ?? RequireExpiry
        );

    /// <summary>Of these and others the stricter one for each rule, as <see cref="RuleChanges.Stricter"/>.</summary>
    public CredentialRules Stricter(CredentialRules other) => With(Changes.Stricter(other.Changes));

    private RuleChanges Changes => new(MaxAgeDays, MaxLifetimeDays, WarnBeforeDays, RequireExpiry);
}

/// <summary>Rules that an override or a kind of credential changes; null leaves a rule as it was.</summary>
/// <param name="MaxAgeDays">See <see cref="CredentialRules"/>.</param>
/// <param name="MaxLifetimeDays">See <see cref="CredentialRules"/>.</param>
/// <param name="WarnBeforeDays">From far to near.</param>
/// <param name="RequireExpiry">See <see cref="CredentialRules"/>.</param>
internal sealed record RuleChanges(int? MaxAgeDays, int? MaxLifetimeDays, IReadOnlyList<int>? WarnBeforeDays, bool? RequireExpiry)
{
    /// <summary>No change.</summary>
    public static RuleChanges None { get; } = new(null, null, null, null);

    /// <summary>Of two changes the stricter one for each rule: the shorter time, every warning of both, an end rather than none.</summary>
    public RuleChanges Stricter(RuleChanges other) =>
        new(
            Least(MaxAgeDays, other.MaxAgeDays),
            Least(MaxLifetimeDays, other.MaxLifetimeDays),
            Union(WarnBeforeDays, other.WarnBeforeDays),
            RequireExpiry is null && other.RequireExpiry is null ? null : RequireExpiry == true || other.RequireExpiry == true
        );

    private static IReadOnlyList<int>? Union(IReadOnlyList<int>? a, IReadOnlyList<int>? b) =>
        a is null || b is null ? a ?? b : [.. a.Union(b).OrderDescending()];

    private static int? Least(int? a, int? b) => a is null || b is null ? a ?? b : Math.Min(a.Value, b.Value);
}
