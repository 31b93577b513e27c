using System.Text;
using Compliance.Findings;
using Compliance.Offboarding;
using Compliance.Offboarding.Intake;
using Compliance.Offboarding.Policy;
using Compliance.Policies;
using Compliance.Storage;
using Compliance.Tenants;
using Compliance.Tests.Storage;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace Compliance.Tests.Offboarding.Intake;

public sealed class HrWebhookOnAzuriteTests(AzuriteFixture accounts) : HrWebhookTests(accounts);

public sealed class HrWebhookInMemoryTests(MemoryStorageFixture accounts) : HrWebhookTests(accounts);

public abstract class HrWebhookTests(StorageFixture accounts)
{
    // Its key takes a while to make.
    private static readonly SignInInMemory SignIn = new();

    private static readonly byte[] Key = Encoding.UTF8.GetBytes("key-key-key-key-key-key-key-key-1");
    private static readonly byte[] NewKey = Encoding.UTF8.GetBytes("key-key-key-key-key-key-key-key-2");
    private static readonly byte[] Body = Encoding.UTF8.GetBytes("{\"specversion\":\"1.0\"}");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("application/cloudevents+json")]
    [InlineData("application/cloudevents+json; charset=utf-8")]
    [InlineData("Application/JSON")]
    public async Task A_signed_event_is_accepted_and_so_is_the_same_again(string contentType)
    {
        var given = new Given(accounts, "hook-good");
        for (var i = 0; i < 2; i++)
            Assert.Equal(Body, Assert.IsType<WebhookOutcome.Accepted>(await given.SendAsync(Key, contentType: contentType)).Body.ToArray());

        Assert.Empty(given.Evidence.Records);
    }

    [Fact]
    public async Task What_is_wrong_is_refused_with_its_status_and_nothing_secret_is_said()
    {
        var given = new Given(accounts, "hook-bad");
        var large = new byte[(64 * 1024) + 1];

        Assert.Equal(415, await given.StatusAsync(Key, contentType: "text/plain"));
        Assert.Equal(415, await given.StatusAsync(Key, contentType: null));
        Assert.Equal(415, await given.StatusAsync(Key, contentType: "application/cloudevents-batch+json"));
        Assert.Equal(413, await given.StatusAsync(Key, large));
        Assert.IsType<WebhookOutcome.Accepted>(await given.SendAsync(Key, large[1..]));
        Assert.Equal(401, await given.StatusAsync(NewKey));
        Assert.Equal(401, await given.StatusAsync(Key, at: Hr.Now.AddSeconds(-301)));
        Assert.Equal(
            401,
            (
                await given.Webhook.ReceiveAsync(new("application/json", null, null, null, new MemoryStream(Body)), Stop)
                as WebhookOutcome.Refused
            )!.Status
        );
        Assert.Equal(
            400,
            (
                await given.Webhook.ReceiveAsync(new("application/json", "yesterday", "v1=ab", "", new MemoryStream(Body)), Stop)
                as WebhookOutcome.Refused
            )!.Status
        );
        Assert.DoesNotContain(
            given.Log.Collector.GetSnapshot(),
            l => l.Message.Contains("key-key", StringComparison.Ordinal) || l.Message.Contains("specversion", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task An_event_with_the_token_of_an_HR_system_is_accepted_without_a_signature_and_its_sender_is_known()
    {
        var given = new Given(accounts, "hook-token") { Keys = { Current = [] } };

        var byToken = Assert.IsType<WebhookOutcome.Accepted>(await given.SendAsync(SignIn.Application(Hr.Now, AppRole.HrSystem.Value)));
        given.Keys.Current = [Key];
        var signed = Assert.IsType<WebhookOutcome.Accepted>(await given.SendAsync(Key));

        Assert.Equal(Body, byToken.Body.ToArray());
        Assert.Equal(
            ($"webhook with a token of application {SignInInMemory.CallerId}", "signed webhook"),
            (byToken.Trigger, signed.Trigger)
        );
    }

    [Fact]
    public async Task A_token_of_anybody_else_opens_nothing_and_is_counted_like_a_bad_signature()
    {
        var given = new Given(accounts, "hook-other");
        string[] others =
        [
            SignIn.Person(Hr.Now, AppRole.All.Select(r => r.Value)),
            SignIn.Application(Hr.Now),
            SignIn.Application(Hr.Now, AppRole.Admin.Value),
            SignIn.Application(Hr.Now.AddHours(-2), AppRole.HrSystem.Value),
            "Basic aHI6aHI=",
        ];

        var refused = new List<(int, string)>();
        foreach (var other in others)
            refused.Add(Assert.IsType<WebhookOutcome.Refused>(await given.SendAsync(other)) is var r ? (r.Status, r.Reason) : default);
        given.Time.Advance(WebhookRefusals.SingleFlight);
        await given.Refusals.FlushAsync(Stop);

        Assert.Equal(
            [
                (403, "the token is a person's: it takes an application with the app role Compliance.HrSystem"),
                (403, "the application does not hold the app role Compliance.HrSystem"),
                (403, "the application does not hold the app role Compliance.HrSystem"),
                (401, "the token's lifetime has ended or not begun"),
                (401, "an Entra access token is needed: Authorization: Bearer <token>"),
            ],
            refused
        );
        Assert.Equal(
            (3L, 2L),
            (
                given.Evidence.Records.Sum(r => r.Counts.GetValueOrDefault("status403")),
                given.Evidence.Records.Sum(r => r.Counts.GetValueOrDefault("status401"))
            )
        );
    }

    // Which of the two counts could not be seen afterwards.
    [Fact]
    public async Task A_request_with_a_signature_and_a_token_is_refused_however_good_both_are()
    {
        var given = new Given(accounts, "hook-both");
        var token = SignIn.Application(Hr.Now, AppRole.HrSystem.Value);
        var (time, signature) = (WebhookSignature.Seconds(Hr.Now), WebhookSignature.Sign(Key, Hr.Now, Body));

        foreach (var (timestamp, signed) in new[] { (time, signature), (time, null), (null, signature) })
        {
            var request = new WebhookRequest("application/json", timestamp, signed, token, new Unreadable());
            Assert.Equal(
                new WebhookOutcome.Refused(400, "send either a signature or a token, not both"),
                await given.Webhook.ReceiveAsync(request, Stop)
            );
        }
    }

    [Fact]
    public async Task With_a_token_the_body_has_its_limit_and_keys_that_cannot_be_read_are_no_reason_to_believe_it()
    {
        var given = new Given(accounts, "hook-away");
        using var signIn = new SignInInMemory { IsAway = true };
        var away = new HrWebhook(given.Keys, signIn.Validator(given.Time), given.Refusals, given.Time, given.Log);
        var token = signIn.Application(Hr.Now, AppRole.HrSystem.Value);
        var large = new byte[(64 * 1024) + 1];

        Assert.Equal(
            413,
            Assert.IsType<WebhookOutcome.Refused>(await given.SendAsync(SignIn.Application(Hr.Now, AppRole.HrSystem.Value), large)).Status
        );
        Assert.Equal(
            503,
            Assert
                .IsType<WebhookOutcome.Refused>(
                    await away.ReceiveAsync(new("application/json", null, null, token, new MemoryStream(Body)), Stop)
                )
                .Status
        );
    }

    [Fact]
    public async Task Without_a_key_everything_is_refused_as_to_be_sent_later()
    {
        var given = new Given(accounts, "hook-none") { Keys = { Current = [] } };

        Assert.Equal(503, await given.StatusAsync(Key));
    }

    [Fact]
    public async Task A_key_made_a_moment_ago_is_looked_for_once()
    {
        var given = new Given(accounts, "hook-rotated") { Keys = { Afresh = [NewKey, Key] } };

        Assert.IsType<WebhookOutcome.Accepted>(await given.SendAsync(Key));
        Assert.Equal(0, given.Keys.ReadAfresh);
        Assert.IsType<WebhookOutcome.Accepted>(await given.SendAsync(NewKey));
        Assert.Equal(1, given.Keys.ReadAfresh);
    }

    [Fact]
    public async Task A_request_without_a_chance_costs_neither_its_body_nor_a_key()
    {
        var given = new Given(accounts, "hook-cheap");

        Assert.IsType<WebhookOutcome.Refused>(
            await given.Webhook.ReceiveAsync(
                new("application/json", "1", WebhookSignature.Sign(Key, Hr.Now, Body), null, new Unreadable()),
                Stop
            )
        );
        Assert.Equal(0, given.Keys.Read);
    }

    [Fact]
    public async Task Refusals_are_recorded_at_most_once_a_minute_and_every_one_is_counted()
    {
        var given = new Given(accounts, "hook-flood");

        for (var i = 0; i < 300; i++)
        {
            await given.StatusAsync(i % 3 == 0 ? Key : NewKey, contentType: i % 3 == 0 ? "text/plain" : "application/json");
            given.Time.Advance(TimeSpan.FromSeconds(1));
        }
        await given.Refusals.FlushAsync(Stop);

        // At 0 s, 60 s, ... 240 s, and the rest.
        Assert.Equal(6, given.Evidence.Records.Count);
        Assert.Equal(
            (100L, 200L),
            (
                given.Evidence.Records.Sum(r => r.Counts.GetValueOrDefault("status415")),
                given.Evidence.Records.Sum(r => r.Counts.GetValueOrDefault("status401"))
            )
        );
        Assert.All(
            given.Evidence.Records.Zip(given.Evidence.Records.Skip(1)),
            pair => Assert.True(pair.Second.Time - pair.First.Time >= WebhookRefusals.SingleFlight)
        );
    }

    [Fact]
    public async Task Ten_refusals_in_an_hour_of_the_clock_are_one_finding_and_nine_are_none()
    {
        var given = new Given(accounts, "hook-ten");
        for (var i = 0; i < 9; i++)
            await given.StatusAsync(NewKey);
        given.Time.Advance(TimeSpan.FromHours(1));
        for (var i = 0; i < 9; i++)
            await given.StatusAsync(NewKey);
        Assert.Empty(await given.FindingsAsync());

        await given.StatusAsync(NewKey);
        await given.StatusAsync(NewKey);

        var finding = Assert.Single(await given.FindingsAsync()).Detection;
        Assert.Equal(("LEAVE-004", "hr/webhook"), (finding.ControlId, finding.Subject.Id));
        Texts.Offboarding.Expect("requests that were refused", finding.Reason);
    }

    [Fact]
    public async Task Refusals_that_cannot_be_recorded_are_owed_and_the_answer_stays()
    {
        var given = new Given(accounts, "hook-owed") { Evidence = { Down = true } };

        Assert.Equal(401, await given.StatusAsync(NewKey));
        given.Time.Advance(WebhookRefusals.SingleFlight);
        Assert.Equal(415, await given.StatusAsync(NewKey, contentType: "text/plain"));
        given.Evidence.Down = false;
        given.Time.Advance(WebhookRefusals.SingleFlight);
        await given.Refusals.FlushAsync(Stop);

        Assert.Equal(new Dictionary<string, long> { ["status401"] = 1, ["status415"] = 1 }, Assert.Single(given.Evidence.Records).Counts);
    }

    // Written a minute later at the earliest, and the policy may be edited or broken by then.
    [Fact]
    public async Task A_record_of_refusals_names_the_policy_that_was_in_force_when_they_were_refused()
    {
        var given = new Given(accounts, "hook-policy");
        await given.StatusAsync(NewKey);
        await given.StatusAsync(NewKey);
        given.Policy.Sha256 = "cd";
        await given.StatusAsync(NewKey);
        given.Policy.Sha256 = null;
        Assert.Equal(401, await given.StatusAsync(NewKey));

        for (var i = 0; i < 3; i++)
        {
            given.Time.Advance(WebhookRefusals.SingleFlight);
            given.Policy.Sha256 = i < 2 ? null : "ef";
            await given.Refusals.FlushAsync(Stop);
        }

        Assert.Equal(
            [("ab", 1L), ("ab", 1L), ("cd", 1L), ("ef", 1L)],
            given.Evidence.Records.Select(r => (r.PolicySha256, r.Counts["status401"]))
        );
    }

    private sealed class PolicyInFile : IOffboardingPolicySource
    {
        // Null: the file cannot be used.
        public string? Sha256 { get; set; } = "ab";

        public OffboardingPolicy Load() =>
            Sha256 is { } sha256
                ? new() { Sha256 = sha256 }
                : throw new PolicyException([new("offboarding.yaml", 1, 1, "it cannot be used")]);
    }

    private sealed class Given
    {
        private readonly TableFindingStore _findings;
        private readonly string _tenant;

        public Given(StorageFixture accounts, string tenant)
        {
            (_tenant, _findings) = (tenant, new(Faults.Storage(accounts)));
            Refusals = new(
                new TenantId(tenant),
                Evidence,
                new(_findings),
                Policy,
                Time,
                new FakeLogger<WebhookRefusals>()
            );
            Webhook = new(Keys, SignIn.Validator(Time), Refusals, Time, Log);
        }

        public FakeTimeProvider Time { get; } = new(Hr.Now);

        public EvidenceInMemory Evidence { get; } = new();

        public PolicyInFile Policy { get; } = new();

        public FakeLogger<HrWebhook> Log { get; } = new();

        public KeysInMemory Keys { get; } = new();

        public WebhookRefusals Refusals { get; }

        public HrWebhook Webhook { get; }

        public Task<WebhookOutcome> SendAsync(string authorization, byte[]? body = null) =>
            Webhook.ReceiveAsync(new("application/json", null, null, authorization, new MemoryStream(body ?? Body)), Stop);

        public Task<WebhookOutcome> SendAsync(
            byte[] key,
            byte[]? body = null,
            string? contentType = "application/json",
            DateTimeOffset? at = null
        )
        {
            var time = at ?? Time.GetUtcNow();
            return Webhook.ReceiveAsync(
                new(
                    contentType,
                    WebhookSignature.Seconds(time),
                    WebhookSignature.Sign(key, time, body ?? Body),
                    null,
                    new MemoryStream(body ?? Body)
                ),
                Stop
            );
        }

        public async Task<int> StatusAsync(
            byte[] key,
            byte[]? body = null,
            string? contentType = "application/json",
            DateTimeOffset? at = null
        ) => Assert.IsType<WebhookOutcome.Refused>(await SendAsync(key, body, contentType, at)).Status;

        public Task<IReadOnlyList<Finding>> FindingsAsync() => Hr.OpenAsync(_findings, _tenant);
    }

    private sealed class KeysInMemory : IWebhookKeys
    {
        public IReadOnlyList<byte[]> Current { get; set; } = [Key];

        public IReadOnlyList<byte[]>? Afresh { get; set; }

        public int Read { get; private set; }

        public int ReadAfresh { get; private set; }

        public Task<IReadOnlyList<byte[]>> CurrentAsync(bool afresh, CancellationToken cancellationToken)
        {
            Read++;
            if (afresh)
                ReadAfresh++;
            return Task.FromResult(afresh && Afresh is not null ? Afresh : Current);
        }
    }

    private sealed class Unreadable : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new InvalidOperationException("the body was read");
    }
}
