using Compliance.Changes.Plans;

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
    /// null when there is none. One whose <see cref="Heir.Unread"/> is set when the manager, or one above, could not be read: that is
    /// nobody to hand over to, and not the same as none.
    /// </summary>
    Task<Heir?> HeirAsync(string userId, IReadOnlySet<string> leaving, CancellationToken cancellationToken);

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
internal sealed record Heir(string Id, string PrincipalName, string Name, string? Unread = null)
{
    /// <summary>Nobody knows who it is.</summary>
    public static Heir NotRead(string why) => new("", "", "", why);
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

/// <summary>Carries plans out. Every step is idempotent: doing it again says <see cref="StepResult.AlreadySo"/>.</summary>
internal interface IPlanExecutor
{
    /// <summary>
    /// Does the steps, wave by wave, as few requests as can be; one failed step does not keep others from being done, but a later wave's
    /// step that needs it is left as failed.
    /// </summary>
    /// <param name="plan">The plan. One that blocks is done at once and whole; another only as far as Graph's quota of writes has
    /// room.</param>
    /// <param name="settled">Ids of steps that were in effect before: they are not done again.</param>
    /// <param name="tried">Ids of steps that an earlier pass of this attempt tried: they are left out, and count as not in effect.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    Task<PlanPass> RunAsync(ActionPlan plan, IReadOnlySet<string> settled, IReadOnlySet<string> tried, CancellationToken cancellationToken);
}

/// <summary>How far one pass over a plan came.</summary>
/// <param name="Outcomes">One for every step that was tried, in the plan's order. All that were neither settled nor tried before, unless
/// the quota had no room for more.</param>
/// <param name="Wait">How long until there is room for the next pass; zero when it is not known or none is needed.</param>
internal sealed record PlanPass(IReadOnlyList<StepOutcome> Outcomes, TimeSpan Wait);

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

/// <summary>
/// Keeps the documents of cases (snapshots, plans, outcomes, certificates), which name people and so can be erased: container
/// <c>leavers</c> of the state account.
/// </summary>
internal interface ICaseDocuments
{
    /// <summary>
    /// Writes the document (canonical JSON) unless the very same is there; returns the SHA-256 of its bytes, lower-case hex.
    /// </summary>
    /// <param name="name">For example <c>leaver-1f0c…/1/snapshot.json</c>.</param>
    /// <param name="document">The document.</param>
    /// <param name="cancellationToken">Stops the write.</param>
    Task<string> SaveAsync<T>(string name, T document, CancellationToken cancellationToken);

    /// <summary>
    /// Changes a document and no other writer's change is lost: <paramref name="change"/> is called again with the newer document when
    /// somebody was faster, and with null while there is none.
    /// </summary>
    /// <returns>The document as it stands.</returns>
    /// <exception cref="Azure.RequestFailedException">Storage failed, or others changed the document in every attempt.</exception>
    Task<T> ChangeAsync<T>(string name, Func<T?, T> change, CancellationToken cancellationToken)
        where T : class;

    /// <summary>Writes a text such as an HTML page.</summary>
    Task SaveTextAsync(string name, string contentType, string text, CancellationToken cancellationToken);

    /// <summary>Reads a document; null when there is none.</summary>
    Task<T?> LoadAsync<T>(string name, CancellationToken cancellationToken)
        where T : class;

    /// <summary>Reads a document's bytes; null when there is none.</summary>
    Task<BinaryData?> LoadBytesAsync(string name, CancellationToken cancellationToken);
}
