using Compliance.Controls;
using Compliance.Credentials;
using Compliance.Findings;

namespace Compliance.Tests.Credentials.Policy;

public sealed class DetectionBuilderTests
{
    private static readonly OwnerEntry Ada = new("u-ada", true, "Ada", "ada@contoso.com", true);
    private static readonly OwnerEntry Aaron = new("u-aaron", true, "Aaron", "aaron@contoso.com", null);
    private static readonly OwnerEntry Zoe = new("u-zoe", true, "Zoe", "zoe@contoso.com", true);
    private static readonly OwnerEntry Left = new("u-left", true, "Abe", "abe@contoso.com", false);
    private static readonly OwnerEntry Robot = new("sp-1", false, "Aa robot", null, true);
    private static readonly OwnerEntry Nameless = new("u-x", true, "Aa", " ", true);

    private static Dictionary<string, OwnerAnswer> Answer(string key, OwnerAnswer answer) => new() { [key] = answer };

    private static IReadOnlyList<Detection> Build(CredentialPolicy policy, Credential credential, DetectionAnswers answers) =>
        new DetectionBuilder(policy, Given.Now).Build([.. Given.Evaluator(policy).Evaluate(credential)], answers);

    private static (string Control, Person? Owner)[] Owned(OwnerAnswer owners, string yaml = "") =>
        [
            .. Build(Given.Policy(yaml), Given.Secret(age: 90), DetectionAnswers.None with { Owners = Answer("O-1", owners) })
                .Select(d => (d.ControlId, d.Owner)),
        ];

    private static Person Owner(OwnerEntry e, string via = "owner") => new(e.Id, e.Name, e.Address!, via);

    [Fact]
    public void A_user_known_to_be_enabled_is_asked_before_one_of_whom_nothing_is_known() =>
        Assert.Equal([("CRED-001", Owner(Ada))], Owned(new([Robot, Left, Nameless, Aaron, Zoe, Ada], null)));

    [Fact]
    public void A_user_of_whom_nothing_is_known_is_asked_before_the_fallback_but_does_not_count_as_living() =>
        Assert.Equal([("CRED-001", Owner(Aaron)), ("CRED-006", Owner(Aaron))], Owned(new([Left, Aaron, Robot], null)));

    [Fact]
    public void An_owner_of_whom_nothing_is_known_makes_CRED_006_unknown()
    {
        var owners = Answer("o-1", new([Left, Aaron, Robot], null));

        var found = Build(Given.Policy(), Given.Secret(age: 90), DetectionAnswers.None with { Owners = owners })[1];

        Assert.Equal(("CRED-006", true), (found.ControlId, found.Unknown));
        Texts.Credentials.Expect("reason: an owner of whom nothing is known", found.Reason);
    }

    [Fact]
    public void Disabled_users_service_principals_and_users_without_an_address_are_not_asked() =>
        Assert.Equal([("CRED-001", null), ("CRED-006", null)], Owned(new([Left, Robot, Nameless], null)));

    [Fact]
    public void The_fallback_owner_is_asked_when_no_owner_lives() =>
        Assert.Equal(
            [
                ("CRED-001", new Person(null, "sec@contoso.com", "sec@contoso.com", "policy")),
                ("CRED-006", new Person(null, "sec@contoso.com", "sec@contoso.com", "policy")),
            ],
            Owned(new([], null), "fallbackOwner: sec@contoso.com\n")
        );

    [Theory]
    [InlineData("no owner", 0, null, false)]
    [InlineData("an owner who left", 1, null, false)]
    [InlineData("unread owners", 0, "403\nForbidden", true)]
    public void CRED_006_says_why_there_is_no_living_owner(string situation, int owners, string? unread, bool unknown)
    {
        var found = Build(
            Given.Policy(),
            Given.Secret(age: 90),
            DetectionAnswers.None with
            {
                Owners = Answer("o-1", new(owners == 0 ? [] : [Left], unread)),
            }
        )[1];
        Assert.Equal(
            ("CRED-006", "", unknown, null, null),
            (found.ControlId, found.Part, found.Unknown, found.Since, found.Expires)
        );
        Texts.Credentials.Expect("reason", situation, found.Reason);
    }

    [Fact]
    public void Owners_that_were_never_asked_for_are_unknown_and_not_absent()
    {
        var found = Build(Given.Policy(), Given.Secret(age: 90), DetectionAnswers.None)[1];
        Assert.Equal(("CRED-006", true), (found.ControlId, found.Unknown));
        Texts.Credentials.Expect("reason: owners that were never asked for", found.Reason);
    }

    private static readonly (string Tag, OwnerAnswer? Answer, Person Expected)[] Tagged =
    [
        ("ada@contoso.com", new([Ada], null), Owner(Ada, "tag")),
        ("ADA@contoso.com ", new([Ada], null), Owner(Ada, "tag")),
        ("ada@contoso.com", null, new(null, "ada@contoso.com", "ada@contoso.com", "tag")), // not asked: still what the tag says
        ("ada@contoso.com", new([], "403"), new(null, "ada@contoso.com", "ada@contoso.com", "tag")),
        ("ada@contoso.com", new([], null), new(null, "sec@contoso.com", "sec@contoso.com", "policy")), // nobody of that address
        ("ada@contoso.com", new([Left], null), new(null, "sec@contoso.com", "sec@contoso.com", "policy")),
        (" ", null, new(null, "sec@contoso.com", "sec@contoso.com", "policy")),
    ];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void The_owner_tag_names_who_is_asked_for_a_resource(int row)
    {
        var (tag, answer, expected) = Tagged[row];
        var credential = Given.Credential(
            CredentialKind.VaultSecret,
            Given.Now.AddDays(-90),
            Given.Now.AddDays(60),
            id: "https://v.vault.azure.net/secrets/s",
            tags: ("Owner", tag)
        );
        var people = answer is { } a ? Answer("ada@contoso.com", a) : [];
        Assert.Equal(
            [("CRED-001", expected)],
            Build(Given.Policy("fallbackOwner: sec@contoso.com\n"), credential, DetectionAnswers.None with { People = people })
                .Select(d => (d.ControlId, d.Owner))
        );
    }

    [Theory]
    [InlineData("a due key that rotates by itself", true, null)]
    [InlineData("a due key that does not rotate by itself", false, false)]
    [InlineData("a due key whose rotation policy was not read", null, true)]
    public void CRED_007_is_raised_for_a_due_key_that_does_not_rotate_by_itself(string situation, bool? rotates, bool? unknown)
    {
        var key = Given.Credential(
            CredentialKind.VaultKey,
            Given.Now.AddDays(-90),
            Given.Now.AddDays(60),
            id: "https://v.vault.azure.net/keys/k"
        );
        var found = Build(
                Given.Policy(),
                key,
                DetectionAnswers.None with
                {
                    Rotation = new Dictionary<string, RotationPolicyAnswer>
                    {
                        [key.Subject.Id.ToUpperInvariant()] = new(rotates, rotates is null ? "403" : null),
                    },
                }
            )
            .Where(d => d.ControlId == "CRED-007")
            .SingleOrDefault();
        Assert.Equal(unknown, found?.Unknown);
        Texts.Credentials.Expect("reason", situation, found?.Reason ?? "");
    }

    [Fact]
    public void Only_keys_that_are_due_are_asked_for_their_rotation_policy()
    {
        Verdict V(CredentialKind kind, string control, string id) =>
            new(Given.Control(control), Severity.Low, false, "r", Given.Credential(kind, id: id), CredentialRules.Default);
        Assert.Equal(
            ["k-1", "k-2"],
            DetectionBuilder
                .KeysNeedingRotationPolicy([
                    V(CredentialKind.VaultKey, "CRED-003", "k-2"),
                    V(CredentialKind.VaultKey, "CRED-001", "k-1"),
                    V(CredentialKind.VaultKey, "CRED-001", "K-2"),
                    V(CredentialKind.VaultKey, "CRED-004", "k-3"),
                    V(CredentialKind.VaultSecret, "CRED-001", "k-4"),
                    V(CredentialKind.VaultSecret, "CRED-003", "k-5"),
                ])
                .Select(c => c.Subject.Id)
        );
    }

    [Fact]
    public void One_account_with_two_keys_lacks_its_key_expiration_policy_once()
    {
        var policy = Given.Policy();
        var key = Given.Credential(CredentialKind.StorageKey, Given.Now.AddDays(-1), id: "/s/a");
        var verdicts = new[] { key, key with { Part = "key2" } }.SelectMany(Given.Evaluator(policy).Evaluate).ToList();
        Assert.Equal(
            [("CRED-008", "")],
            new DetectionBuilder(policy, Given.Now).Build(verdicts, DetectionAnswers.None).Select(d => (d.ControlId, d.Part))
        );
    }

    [Fact]
    public void A_waived_detection_carries_its_waiver_and_is_still_there()
    {
        var policy = Given.Policy(
            "waivers:\n  - { id: w-1, control: CRED-001, subject: { id: o-1 }, reason: moves, approvedBy: cy@contoso.com, approvedOn: "
                + "2028-01-10, expires: 2028-06-30 }\n"
        );
        Assert.Equal(
            [("CRED-001", new Waiver("w-1", "moves", "cy@contoso.com", new(2028, 7, 1, 0, 0, 0, TimeSpan.Zero))), ("CRED-006", null)],
            Build(policy, Given.Secret(age: 90), DetectionAnswers.None).Select(d => (d.ControlId, d.Waiver))
        );
    }

    [Fact]
    public void A_gap_names_what_was_not_read_and_the_permission_that_is_missing()
    {
        var gap = new DetectionBuilder(Given.Policy(), Given.Now).Gap(
            new(Sources.Applications, false, 0, Reason: "403\nForbidden", Permission: "Application.Read.All"),
            DetectionAnswers.None
        );

        Assert.Equal(
            new Detection
            {
                ControlId = "GAP-001",
                Severity = Severity.High,
                Subject = new(SubjectTypes.Source, Sources.Applications, Sources.Applications),
                Source = Sources.Applications,
                Unknown = true,
                Reason = "",
                NextStep = "",
            },
            gap with
            {
                Reason = "",
                NextStep = "",
            }
        );
        Assert.EndsWith(": Application.Read.All.", gap.Reason, StringComparison.Ordinal);
        Texts.Credentials.Expect("a source that was not read", [gap.Reason, gap.NextStep]);
    }

    [Fact]
    public void A_missing_subscription_says_how_to_bring_it_back_or_retire_it()
    {
        var missing = new DetectionBuilder(Given.Policy(), Given.Now).MissingSubscription("s-1", "Pay", DetectionAnswers.None);

        Assert.Equal(
            new Detection
            {
                ControlId = "GAP-002",
                Severity = Severity.High,
                Subject = new(SubjectTypes.Subscription, "/subscriptions/s-1", "Pay"),
                Source = Sources.Subscriptions,
                ResourceId = "/subscriptions/s-1",
                Unknown = true,
                Reason = "",
                NextStep = "",
            },
            missing with
            {
                Reason = "",
                NextStep = "",
            }
        );
        Texts.Credentials.Expect("a subscription that is no longer listed", [missing.Reason, missing.NextStep]);
    }
}
