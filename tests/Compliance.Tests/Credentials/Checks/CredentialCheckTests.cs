using System.Globalization;
using System.Text.RegularExpressions;
using Compliance.Credentials;
using Compliance.Tests.Credentials.Policy;

namespace Compliance.Tests.Credentials.Checks;

/// <summary>Each check at its limit and one past it. Instants are written out, so that the calendar itself is tested.</summary>
public sealed partial class CredentialCheckTests
{
    private static readonly CredentialRules Rules = CredentialRules.Default;

    private static DateTimeOffset At(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static string? Reason(ICredentialCheck check, Credential credential, string now, CredentialRules? rules = null) =>
        check.Evaluate(credential, rules ?? Rules, At(now))?.Reason;

    // The days that a reason names.
    private static string[] Days(string? reason) => [.. Day().Matches(reason ?? "").Select(day => day.Value)];

    // All but the sentence, of which the days are left.
    private static CheckFailure? Facts(CheckFailure? failure) =>
        failure is { } found ? found with { Reason = string.Join(' ', Days(found.Reason)) } : null;

    private static CheckFailure? KeyExpiration(int? days) =>
        new NoKeyExpirationPolicy().Evaluate(
            Made("2028-01-01", null, "StorageKey") with
            {
                KeyExpirationDays = days,
            },
            Rules,
            At("2028-02-29")
        );

    [GeneratedRegex(@"\d{4}-\d\d-\d\d")]
    private static partial Regex Day();

    private static Credential Made(string? started, string? expires, string kind = "ClientSecret", bool enabled = true) =>
        Given.Credential(Enum.Parse<CredentialKind>(kind), started is null ? null : At(started), expires is null ? null : At(expires)) with
        {
            Enabled = enabled,
        };

    [Theory]
    [InlineData("2027-12-01", "2028-02-28T23:59:59.9999999Z", null)] // 31 + 31 + 28 days: day 90 is the leap day
    [InlineData("2027-12-01", "2028-02-29T00:00:00Z", "2028-02-29")]
    [InlineData("2026-12-01", "2027-02-28T23:59:59.9999999Z", null)] // the same in a year of 365 days: day 90 is 1 March
    [InlineData("2026-12-01", "2027-03-01T00:00:00Z", "2027-03-01")]
    [InlineData("2028-01-31T13:30:00Z", "2028-04-30T13:29:59Z", null)] // the end of a month, and a day that begins at half past one
    [InlineData("2028-01-31T13:30:00Z", "2028-04-30T13:30:00Z", "2028-04-30")]
    [InlineData("2028-03-01", "2028-02-29", null)] // not yet started
    public void Rotation_is_due_on_day_90_to_the_tick(string started, string now, string? due) =>
        Assert.Equal(due is null ? [] : [started[..10], due], Days(Reason(new OlderThanAllowed(), Made(started, null), now)));

    [Fact]
    public void Each_reason_is_written_out()
    {
        const string now = "2028-02-29";

        Texts.Credentials.Expect("reason: too old", Reason(new OlderThanAllowed(), Made("2020-01-01", null), now));
        Texts.Credentials.Expect("reason: ends soon", Reason(new ExpiresSoon(), Made("2028-01-01", "2028-03-07"), now));
        Texts.Credentials.Expect("reason: ends tomorrow", Reason(new ExpiresSoon(), Made("2028-01-01", "2028-03-01"), now));
        Texts.Credentials.Expect("reason: age unknown", Reason(new AgeUnknown(), Made(null, null), now));
        Texts.Credentials.Expect("reason: accepts keys", Reason(new AcceptsKeys(), Made(null, null, "ResourceKeys"), now));
        Texts.Credentials.Expect("reason: no key-expiration policy", KeyExpiration(null)?.Reason);
        Texts.Credentials.Expect("reason: key-expiration policy too long", KeyExpiration(91)?.Reason);
    }

    [Theory]
    [InlineData("ClientSecret", "2020-01-01", null, true, true)]
    [InlineData("StorageKey", "2020-01-01", null, true, true)]
    [InlineData("ResourceKeys", "2020-01-01", null, true, false)] // its age is never known
    [InlineData("ClientSecret", null, null, true, false)] // CRED-005 speaks
    [InlineData("ClientSecret", "2020-01-01", "2028-02-29", true, false)] // CRED-002 speaks
    [InlineData("VaultCertificate", "2020-01-01", "2028-02-29", true, false)] // nobody takes it any more
    [InlineData("VaultSecret", "2020-01-01", "2028-02-29", true, true)] // served past its end
    [InlineData("VaultKey", "2020-01-01", "2028-02-29", true, true)] // decrypts past its end
    [InlineData("VaultSecret", "2020-01-01", "2028-02-29", false, false)] // disabled
    [InlineData("VaultSecret", "2020-01-01", null, false, false)]
    public void Only_a_living_credential_of_known_age_is_too_old(string kind, string? started, string? expires, bool enabled, bool found) =>
        Assert.Equal(found, Reason(new OlderThanAllowed(), Made(started, expires, kind, enabled), "2028-02-29") is not null);

    [Theory]
    [InlineData("2028-02-29T00:00:00Z", "2028-02-28T23:59:59.9999999Z", null)]
    [InlineData("2028-02-29T00:00:00Z", "2028-02-29T00:00:00Z", "2028-02-29")]
    [InlineData(null, "9999-12-31", null)]
    public void A_credential_has_ended_at_its_end_and_not_a_tick_before(string? expires, string now, string? ended) =>
        Assert.Equal(ended is null ? [] : [ended], Days(Reason(new EndedButPresent(), Made("2028-01-01", expires), now)));

    [Theory]
    [InlineData("VaultSecret")]
    [InlineData("VaultKey")]
    [InlineData("VaultCertificate")]
    public void What_Key_Vault_serves_past_its_end_is_said_to_work(string kind) =>
        Texts.Credentials.Expect(
            "reason: ended",
            kind,
            Reason(new EndedButPresent(), Made("2028-01-01", "2028-01-31", kind), "2028-02-29")
        );

    [Fact]
    public void A_disabled_credential_that_ended_is_still_there() =>
        Texts.Credentials.Expect(
            "reason: ended and disabled",
            Reason(new EndedButPresent(), Made(null, "2028-01-31", "VaultSecret", enabled: false), "2028-02-29")
        );

    [Theory]
    [InlineData("2028-02-29T23:59:59Z", null)] // 30 days and a second before
    [InlineData("2028-03-01T00:00:00Z", 30)]
    [InlineData("2028-03-16T23:59:59Z", 30)]
    [InlineData("2028-03-17T00:00:00Z", 14)]
    [InlineData("2028-03-23T23:59:59Z", 14)]
    [InlineData("2028-03-24T00:00:00Z", 7)]
    [InlineData("2028-03-29T23:59:59Z", 7)]
    [InlineData("2028-03-30T00:00:00Z", 1)]
    [InlineData("2028-03-30T23:59:59Z", 1)]
    [InlineData("2028-03-31T00:00:00Z", null)] // ended: CRED-002 speaks
    public void Each_step_before_the_end_is_reached_on_its_day(string now, int? step) =>
        Assert.Equal(
            step is { } days ? new CheckFailure("2028-03-31", StepDays: days) : null,
            Facts(new ExpiresSoon().Evaluate(Made("2028-03-01", "2028-03-31"), Rules, At(now)))
        );

    [Theory]
    [InlineData(null, true)] // never ends
    [InlineData("2028-03-01", false)] // disabled
    public void What_never_ends_or_is_disabled_does_not_end_soon(string? expires, bool enabled) =>
        Assert.Null(Reason(new ExpiresSoon(), Made("2028-01-01", expires, enabled: enabled), "2028-02-29"));

    [Theory]
    [InlineData("2027-09-02", "2028-02-29", false)] // 28 + 31 + 30 + 31 + 31 + 29 = 180 days
    [InlineData("2027-09-02", "2028-02-29T00:00:01Z", true)]
    [InlineData("2027-09-01", "2028-02-29", true)]
    [InlineData("2028-06-01", "2028-12-31", true)] // not yet started
    [InlineData("2099-01-01", "2099-03-01", true)]
    [InlineData("2028-01-02", "2028-06-29", false)] // starts tomorrow and ends 180 days from now
    [InlineData("2027-09-01", null, true)]
    [InlineData(null, "2099-01-01", false)] // CRED-005 speaks
    [InlineData("2020-01-01", "2027-12-31", false)] // CRED-002 speaks
    public void A_lifetime_of_180_days_is_allowed_and_no_more(string? started, string? expires, bool found)
    {
        var reason = Reason(new LivesTooLong(), Made(started, expires), "2028-01-01");

        Assert.Equal(found, reason is not null);
        Texts.Credentials.Expect("reason: lifetime on 2028-01-01", [started, expires], reason ?? "");
    }

    [Fact]
    public void Never_ending_is_allowed_where_policy_requires_no_end() =>
        Assert.Null(Reason(new LivesTooLong(), Made("2020-01-01", null), "2028-02-29", Rules with { RequireExpiry = false }));

    [Theory]
    [InlineData("StorageKey", true)]
    [InlineData("ResourceKeys", true)]
    [InlineData("VaultSecret", false)]
    public void Keys_without_an_end_of_their_own_and_disabled_objects_need_none(string kind, bool enabled) =>
        Assert.Null(Reason(new LivesTooLong(), Made("2020-01-01", null, kind, enabled), "2028-02-29"));

    [Theory]
    [InlineData("ClientSecret", null, null, true, true)]
    [InlineData("StorageKey", null, null, true, true)]
    [InlineData("ClientSecret", "2028-01-01", null, true, false)]
    [InlineData("ClientSecret", null, "2028-02-29", true, false)] // CRED-002 speaks
    [InlineData("VaultSecret", null, "2028-02-29", true, true)] // served past its end
    [InlineData("ResourceKeys", null, null, true, false)] // CRED-009 speaks
    [InlineData("VaultSecret", null, null, false, false)]
    public void An_unknown_age_is_a_failure_marked_unknown(string kind, string? started, string? expires, bool enabled, bool found) =>
        Assert.Equal(
            found ? new CheckFailure("", Unknown: true) : null,
            Facts(new AgeUnknown().Evaluate(Made(started, expires, kind, enabled), Rules, At("2028-02-29")))
        );

    [Theory]
    [InlineData(null, true)]
    [InlineData(0, true)]
    [InlineData(1, false)]
    [InlineData(90, false)]
    [InlineData(91, true)]
    public void A_key_expiration_policy_may_be_as_long_as_the_maximum_age(int? days, bool found) =>
        Assert.Equal(found ? new CheckFailure("", WholeSubject: true) : null, Facts(KeyExpiration(days)));

    [Theory]
    [InlineData("ClientSecret", true)]
    [InlineData("StorageKey", false)] // shared-key access is off
    public void Only_an_account_that_accepts_its_keys_needs_a_key_expiration_policy(string kind, bool enabled) =>
        Assert.Null(Reason(new NoKeyExpirationPolicy(), Made("2028-01-01", null, kind, enabled), "2028-02-29"));

    [Theory]
    [InlineData("ResourceKeys", true, true)]
    [InlineData("ResourceKeys", false, false)]
    [InlineData("StorageKey", true, false)]
    public void A_resource_that_accepts_keys_fails_as_a_whole(string kind, bool enabled, bool found) =>
        Assert.Equal(
            found ? new CheckFailure("", WholeSubject: true) : null,
            Facts(new AcceptsKeys().Evaluate(Made(null, null, kind, enabled), Rules, At("2028-02-29")))
        );

    [Fact]
    public void A_type_that_no_rule_judges_is_unknown_and_never_a_pass()
    {
        var keys = Made(null, null, "ResourceKeys") with { ResourceType = "Microsoft.Web/sites" };

        var failure = new AcceptsKeys().Evaluate(keys, Rules, At("2028-02-29"));

        Assert.Equal(new CheckFailure("", Unknown: true), Facts(failure));
        Texts.Credentials.Expect("reason: a type that no rule judges", failure?.Reason);
    }

    [Fact]
    public void The_last_instant_there_is_does_not_overflow()
    {
        var last = Made("9999-12-30", null) with { Started = DateTimeOffset.MaxValue.AddDays(-1), Expires = DateTimeOffset.MaxValue };
        Assert.Equal(["CRED-004"], Given.Evaluator(Given.Policy()).Evaluate(last).Select(v => v.ControlId));
    }
}
