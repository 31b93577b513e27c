using System.Text.Json.Nodes;
using Compliance.Controls;
using Compliance.Notifications.Channels;
using Compliance.Notifications.Messages;
using Compliance.Text;
using static Compliance.Tests.Notifications.Some;

namespace Compliance.Tests.Notifications;

public sealed class MessageTests
{
    private const string Hostile = "<script>alert(1)</script> [click](https://evil.example) <!channel> @here *b* `c` & \u202egpj.exe\n\"}";

    private static readonly NotificationMessage Plain = NotificationMessage.Urgent([Item("a", severity: Severity.Critical), Item("b")]);

    private static readonly NotificationMessage Bad = NotificationMessage.Urgent([
        new(Hostile, true, Severity.Critical, Hostile, Hostile, Hostile, new(null, null, NoOne)),
    ]);

    [Fact]
    public void A_message_reads_as_reviewed_on_every_channel()
    {
        Texts.Notifications.Expect("mail", MailBody.Write(Plain));
        Texts.Notifications.Expect("plain", PlainBody.Write(Plain));
        Texts.Notifications.Expect("teams", JsonNode.Parse(TeamsCard.Write(Plain))!.ToJsonString(ComplianceJson.Readable));
        Texts.Notifications.Expect("slack", JsonNode.Parse(SlackBlocks.Write(Plain))!.ToJsonString(ComplianceJson.Readable));
        Texts.Notifications.Expect("test", PlainBody.Write(NotificationMessage.Test));
    }

    [Fact]
    public void What_strangers_wrote_is_no_markup_in_a_mail()
    {
        var html = MailBody.Write(Bad);

        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<!channel", html, StringComparison.Ordinal);
        Assert.DoesNotContain("\u202e", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<a ", html, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void What_strangers_wrote_is_in_runs_of_text_alone_in_a_card()
    {
        var card = JsonNode.Parse(TeamsCard.Write(Bad))!["attachments"]![0]!["content"]!;

        var runs = card["body"]!.AsArray().SelectMany(b => b!["inlines"]!.AsArray()).ToList();

        Assert.All(card["body"]!.AsArray(), b => Assert.Equal("RichTextBlock", b!["type"]!.GetValue<string>()));
        Assert.All(runs, r => Assert.Equal("TextRun", r!["type"]!.GetValue<string>()));
        Assert.DoesNotContain(runs, r => r!["selectAction"] is not null);
    }

    [Fact]
    public void What_strangers_wrote_is_in_plain_text_alone_in_slack()
    {
        var message = JsonNode.Parse(SlackBlocks.Write(Bad))!;

        var texts = message["blocks"]!
            .AsArray()
            .SelectMany(b => b!["text"] is { } text ? [text] : b["elements"]!.AsArray().Select(e => e!).ToArray())
            .ToList();

        Assert.All(texts, t => Assert.Equal("plain_text", t["type"]!.GetValue<string>()));
        Assert.Equal("Compliance notification", message["text"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("see https://evil.example/login", "see https[:]//evil[.]example/login")]
    [InlineData("www.evil.com or EVIL.рф/x", "www[.]evil[.]com or EVIL[.]рф/x")]
    [InlineData("mail eve@evil.example.", "mail eve@evil[.]example.")]
    [InlineData("0 of 2. Version 1.2, 10:00Z... kv-prod/secret", "0 of 2. Version 1.2, 10:00Z... kv-prod/secret")]
    public void What_a_mail_program_would_make_a_link_is_none(string name, string shown)
    {
        var entry = NotificationMessage.Urgent([Item("a") with { Title = name, Detail = name }]).Entries[0];

        Assert.Equal((shown, shown), (entry.Title, entry.Detail));
    }

    [Fact]
    public void A_request_is_listed_before_whatever_else_is_open()
    {
        var items = Enumerable.Range(0, 20).Select(i => Item($"{i:00}", severity: Severity.Critical));

        var message = NotificationMessage.Urgent([.. items, Item("request", role: NotificationRole.Approver)]);

        Assert.Equal("Title of request", message.Entries[0].Title);
        Assert.Equal("And 9 more.", message.Rest);
    }

    [Fact]
    public void What_concerns_a_reader_twice_is_listed_and_counted_once()
    {
        NotificationItem[] twice = [Item("a"), Item("a") with { Key = "a admin" }];

        Assert.Equal("Title of a", NotificationMessage.Urgent(twice).Subject);
        var digest = NotificationMessage.Digest(new(2027, 1, 4), twice);
        Assert.Equal(("Compliance digest of 2027-01-04: 1 open", 1, 0), (digest.Subject, digest.Entries.Count, digest.More));
    }

    [Fact]
    public void The_longest_message_is_within_what_the_services_take()
    {
        var text = string.Concat(Enumerable.Repeat("\ud83d\udd25ä<", 400));
        var items = Enumerable
            .Range(0, 60)
            .Select(i => new NotificationItem($"{i}", true, Severity.High, text, $"{i}{text}", text, new(null, null, NoOne)));
        var longest = NotificationMessage.Urgent([.. items]);

        var slack = JsonNode.Parse(SlackBlocks.Write(longest))!["blocks"]!.AsArray();
        var lengths = slack.Select(b => b!["text"]?["text"]?.GetValue<string>().Length ?? 0).ToList();
        Assert.InRange(slack.Count, 14, 50);
        Assert.InRange(lengths.Sum(), 5_000, 13_000);
        Assert.All(lengths, l => Assert.InRange(l, 0, 3_000));
        Assert.InRange(lengths[0], 1, 150);
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(TeamsCard.Write(longest)), 5_000, 28_000);
    }
}
