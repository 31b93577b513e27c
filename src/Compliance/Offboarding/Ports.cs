namespace Compliance.Offboarding;

/// <summary>Reads and changes the leaver in the tenant.</summary>
internal interface ILeaverDirectory
{
    /// <summary>
    /// Finds the person and all the guards need, in one <c>$batch</c>. What could not be read is reported, never guessed.
    /// </summary>
    Task<LeaverLookup> LookUpAsync(HrEvent latest, OffboardingPolicy policy, CancellationToken cancellationToken);

    /// <summary>The same for a user whose object id is known already.</summary>
    Task<LeaverLookup> LookUpAsync(string userId, OffboardingPolicy policy, CancellationToken cancellationToken);

    /// <summary>Reads all access afresh: one round of discovery, side by side.</summary>
    /// <param name="userId">Entra object id.</param>
    /// <param name="principalName">User principal name, which owner tags may carry.</param>
    /// <param name="policy">For the tags.</param>
    /// <param name="cancellationToken">Stops between reads.</param>
    Task<AccessSnapshot> ReadAccessAsync(
        string userId,
        string principalName,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    );

    /// <summary>The block group, and whether the person is in it.</summary>
    Task<BlockGroup> BlockGroupAsync(string groupId, string userId, CancellationToken cancellationToken);

    /// <summary>
    /// To whom things are handed over: the manager, or the nearest manager above who can sign in and is not in <paramref name="leaving"/>;
    /// null when there is none. One whose <see cref="NewOwner.Unread"/> is set when the manager, or one above, could not be read: that is
    /// nobody to hand over to, and not the same as none.
    /// </summary>
    Task<NewOwner?> NewOwnerAsync(string userId, IReadOnlySet<string> leaving, CancellationToken cancellationToken);

    /// <summary>The employee ids of accounts: two accounts with the same one are one person's.</summary>
    Task<EmployeeIds> EmployeeIdsAsync(IReadOnlyCollection<string> userIds, CancellationToken cancellationToken);

    /// <summary>
    /// Re-reads many former leavers cheaply (twenty a request): who can sign in again, and the number of their memberships and roles.
    /// </summary>
    Task<IReadOnlyDictionary<string, Relapse>> RecheckAsync(IReadOnlyCollection<string> userIds, CancellationToken cancellationToken);
}

/// <summary>What a lookup found.</summary>
/// <param name="Facts">The one person; null when nobody or several fit.</param>
/// <param name="Problem">Why there are no facts, for the finding; null when there are.</param>
/// <param name="Candidates">Object ids of those who fit in part or in full.</param>
/// <param name="Unreadable">True when the directory could not be asked: the lookup is to be tried again, and nobody is called
/// missing.</param>
internal sealed record LeaverLookup(LeaverFacts? Facts, string? Problem, IReadOnlyList<string> Candidates, bool Unreadable);

/// <summary>Who gets what the leaver owned.</summary>
/// <param name="Id">Entra object id.</param>
/// <param name="PrincipalName">User principal name.</param>
/// <param name="Name">Display name.</param>
/// <param name="Unread">
/// Why it is not known who that is, or whether there is anybody: the rest is empty then. Null when it is known.
/// </param>
internal sealed record NewOwner(string Id, string PrincipalName, string Name, string? Unread = null)
{
    /// <summary>Nobody knows who it is.</summary>
    public static NewOwner NotRead(string why) => new("", "", "", why);
}

/// <summary>Whose accounts are whose.</summary>
/// <param name="ByAccount">The employee id by object id; an account without one, or one that was deleted, is left out.</param>
/// <param name="Unread">Why not all could be read; null when they could.</param>
internal sealed record EmployeeIds(IReadOnlyDictionary<string, string> ByAccount, string? Unread);

/// <summary>How a former leaver stands.</summary>
/// <param name="Exists">False when the user was deleted.</param>
/// <param name="Enabled">Whether the account can sign in; null when it was not given.</param>
/// <param name="Memberships">Direct group memberships and active directory roles, by id; null when they could not be read.</param>
/// <param name="Unread">Why something could not be read; null when all was.</param>
internal sealed record Relapse(bool Exists, bool? Enabled, IReadOnlyList<string>? Memberships, string? Unread);

/// <summary>Keeps leaver cases: table <c>leavercases</c>, one partition a tenant.</summary>
internal interface ILeaverCases
{
    /// <summary>The case; null when there is none.</summary>
    Task<LeaverCase?> FindAsync(string tenantId, string caseId, CancellationToken cancellationToken);

    /// <summary>All cases of the tenant, those of years ago too: for what is done once a day or because somebody asks.</summary>
    Task<IReadOnlyList<LeaverCase>> AllAsync(string tenantId, CancellationToken cancellationToken);

    /// <summary>The cases that may still do something by themselves, and those whose access was to end since a time.</summary>
    /// <param name="tenantId">Entra tenant id.</param>
    /// <param name="dueSince">The time (UTC); null for the former alone.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    Task<IReadOnlyList<LeaverCase>> OpenAsync(string tenantId, DateTimeOffset? dueSince, CancellationToken cancellationToken);

    /// <summary>The cases of all employments of a person that HR ever spoke of.</summary>
    Task<IReadOnlyList<LeaverCase>> OfPersonAsync(string tenantId, string employeeId, CancellationToken cancellationToken);

    /// <summary>
    /// Changes a case and no other writer's change is lost: <paramref name="change"/> is called again with the newer case when somebody was
    /// faster.
    /// </summary>
    /// <exception cref="KeyNotFoundException">There is no such case.</exception>
    Task<LeaverCase> ChangeAsync(string tenantId, string caseId, Func<LeaverCase, LeaverCase> change, CancellationToken cancellationToken);
}
