using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Azure.Security.KeyVault.Secrets;
using Compliance.Notifications.Channels;
using Compliance.Notifications.Messages;
using Compliance.Tenants;
using Compliance.Tests.Tenants;
using Microsoft.Extensions.Time.Testing;
using SandboxTenant.Data;
using static Compliance.Tests.Notifications.Some;

namespace Compliance.Tests.Notifications;

/// <summary>Mail and vault by the real SDKs against the sandbox, webhooks by a real client over a handler.</summary>
public sealed class ChannelTests : IDisposable
{
    private static readonly NotificationMessage Message = NotificationMessage.Urgent([Item("a")]);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("outbox-");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_mail_leaves_the_one_mailbox_for_the_one_recipient_and_is_not_kept_there()
    {
        await using var reader = await Reader.StartAsync();
        var mailbox = Json.Text(reader.Sandbox.Tenant.Users.Page(0, 1).Items[0].Json, "userPrincipalName")!;

        await new GraphMail(reader.Get<TenantConnection>(), mailbox).SendAsync(Mail("ada@b.example"), Message, Stop);

        var sent = JsonNode.Parse(Assert.Single(reader.Sandbox.Tenant.SentMail))!;
        Assert.Equal("Title of a", sent["Message"]!["subject"]!.GetValue<string>());
        Assert.Equal(
            "ada@b.example",
            Assert.Single(sent["Message"]!["toRecipients"]!.AsArray())!["emailAddress"]!["address"]!.GetValue<string>()
        );
        Assert.Equal(MailBody.Write(Message), sent["Message"]!["body"]!["content"]!.GetValue<string>());
        Assert.Equal("html", sent["Message"]!["body"]!["contentType"]!.GetValue<string>());
        Assert.False(sent["SaveToSentItems"]!.GetValue<bool>());
    }

    [Theory]
    [InlineData("mailbox not there", "", true)]
    [InlineData("too many", "graph/users/*/sendMail => status=429", false)]
    [InlineData("service down", "graph/users/*/sendMail => status=503", false)]
    [InlineData("refused", "graph/users/*/sendMail => status=403", true)]
    public async Task A_mail_that_was_not_taken_is_one_that_did_not_arrive(string situation, string faults, bool permanent)
    {
        await using var reader = await Reader.StartAsync(faults);
        var mailbox = faults.Length == 0 ? "missing@b.example" : Json.Text(reader.Sandbox.Tenant.Users.Page(0, 1).Items[0].Json, "id")!;

        var error = await Assert.ThrowsAsync<NotDeliveredException>(() =>
            new GraphMail(reader.Get<TenantConnection>(), mailbox).SendAsync(Mail("ada@b.example"), Message, Stop)
        );

        Texts.Notifications.Expect("mail failure", situation, error.Message.Replace(mailbox, "MAILBOX", StringComparison.Ordinal));
        Assert.Equal(permanent, error.IsPermanent);
    }

    [Fact]
    public async Task The_address_of_a_webhook_is_read_from_its_vault_for_every_message()
    {
        await using var reader = await Reader.StartAsync(
            clock: new FakeTimeProvider(Reader.Now) { AutoAdvanceAmount = TimeSpan.FromSeconds(1) }
        );
        var tenant = reader.Get<TenantConnection>();
        var vault = reader.Sandbox.VaultAddress("kv-nw-prod");
        var address = new VaultWebhookAddress(tenant, vault, NotificationCalls.TeamsSecret, NotificationCalls.TeamsWebhook);
        var secrets = tenant.VaultAt(vault).Secrets;

        var missing = await Assert.ThrowsAsync<NotDeliveredException>(() => address.LoadAsync(Stop));
        await secrets.SetSecretAsync(new KeyVaultSecret(NotificationCalls.TeamsSecret, "http://insecure.example/hook"), Stop);
        var insecure = await Assert.ThrowsAsync<NotDeliveredException>(() => address.LoadAsync(Stop));
        await secrets.SetSecretAsync(new KeyVaultSecret(NotificationCalls.TeamsSecret, " https://teams.example/one\n"), Stop);
        var one = await address.LoadAsync(Stop);
        await secrets.SetSecretAsync(new KeyVaultSecret(NotificationCalls.TeamsSecret, "https://teams.example/two"), Stop);
        var two = await address.LoadAsync(Stop);

        Assert.Equal(["https://teams.example/one", "https://teams.example/two"], new[] { one, two }.Select(u => u.ToString()));
        Assert.True(insecure.IsPermanent);
        Assert.DoesNotContain("insecure", insecure.Message, StringComparison.Ordinal);
        Assert.Contains("404", missing.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, "ok", null)]
    [InlineData(202, "", null)]
    [InlineData(200, "Webhook message delivery failed with error: 429", false)]
    [InlineData(302, "", true)]
    [InlineData(400, "https://hooks.example/T0/secret is not valid", true)]
    [InlineData(404, "", true)]
    [InlineData(408, "", false)]
    [InlineData(429, "", false)]
    [InlineData(500, "", false)]
    [InlineData(0, "", false)]
    public async Task A_webhook_took_a_message_where_it_says_so(int status, string answer, bool? permanent)
    {
        using var service = new Service(status, answer);
        using var http = new HttpClient(service);
        var channel = new WebhookChannel(ChannelKind.Slack, _ => "{\"text\":\"hi\"}", new Fixed(), http);

        var error = await Record.ExceptionAsync(() => channel.SendAsync(Mail("x@b.example"), Message, Stop));

        Assert.Equal(permanent, (error as NotDeliveredException)?.IsPermanent);
        Assert.Equal(permanent is null, error is null);
        Assert.Equal("application/json {\"text\":\"hi\"}", Assert.Single(service.Bodies));
        Assert.DoesNotContain("secret", error?.ToString() ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/plain; charset=no-such", "ok", null)]
    [InlineData("text/plain; charset=no-such", "Webhook message delivery failed with error: 429", false)]
    [InlineData("", "ok", null)]
    public async Task An_answer_in_no_known_letters_is_read_as_far_as_it_matters(string type, string answer, bool? permanent)
    {
        using var service = new Service(200, answer) { Type = type };
        using var http = new HttpClient(service);
        var channel = new WebhookChannel(ChannelKind.Teams, _ => "{}", new Fixed(), http);

        var error = await Record.ExceptionAsync(() => channel.SendAsync(Mail("x@b.example"), Message, Stop));

        Assert.Equal(permanent, (error as NotDeliveredException)?.IsPermanent);
        Assert.Equal(permanent is null, error is null);
    }

    [Fact]
    public async Task The_address_of_a_webhook_is_in_no_trace_and_no_answer_without_end_is_kept()
    {
        var traces = new System.Collections.Concurrent.ConcurrentQueue<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name == "System.Net.Http",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = a => traces.Enqueue(string.Join(' ', a.TagObjects.Select(t => $"{t.Key}={t.Value}"))),
        };
        ActivitySource.AddActivityListener(listener);
        using var http = WebhookChannel.NewClient();
        var channel = new WebhookChannel(ChannelKind.Slack, _ => "{}", new Fixed("https://127.0.0.1:1/T0/in-the-path"), http);

        await Assert.ThrowsAsync<NotDeliveredException>(() => channel.SendAsync(Mail("x@b.example"), Message, Stop));

        Assert.DoesNotContain(traces, t => t.Contains("in-the-path", StringComparison.Ordinal));
        Assert.InRange(http.MaxResponseContentBufferSize, 1, 64 * 1024);
    }

    [Fact]
    public async Task A_file_outbox_has_a_file_for_each_message_and_no_name_of_what_others_wrote()
    {
        var outbox = new FileOutbox(Path.Combine(_folder.FullName, "out"), new FakeTimeProvider(Monday));

        await outbox.SendAsync(Mail("../../ada@b.example"), Message, Stop);
        await outbox.SendAsync(Mail("bo@b.example"), Message, Stop);
        await outbox.SendAsync(Mail("bo@b.example"), Message, Stop);

        var files = Directory.GetFiles(_folder.FullName, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(2, files.Count);
        Assert.All(files, f => Assert.Matches("/out/20270104T100000Z-[0-9a-f]{8}\\.txt$", f.Replace('\\', '/')));
        Assert.Contains(files, f => File.ReadAllText(f).StartsWith("To: bo@b.example\nSubject: Title of a\n\n", StringComparison.Ordinal));
    }

    private sealed class Fixed(string address = "https://hooks.example/T0/secret") : IWebhookAddress
    {
        public Task<Uri> LoadAsync(CancellationToken cancellationToken) => Task.FromResult(new Uri(address));
    }

    private sealed class Service(int status, string answer) : HttpMessageHandler
    {
        public List<string> Bodies { get; } = [];

        public string Type { get; init; } = "text/plain";

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Bodies.Add($"{request.Content!.Headers.ContentType!.MediaType} {await request.Content.ReadAsStringAsync(cancellationToken)}");
            if (status == 0)
                throw new HttpRequestException("no route to https://hooks.example/T0/secret");
            var content = new ByteArrayContent(Encoding.UTF8.GetBytes(answer));
            var response = new HttpResponseMessage((HttpStatusCode)status) { Content = content };
            response.Content.Headers.TryAddWithoutValidation("Content-Type", Type);
            return response;
        }
    }
}
