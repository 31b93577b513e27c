using Compliance.Controls;
using Compliance.Findings;
using Compliance.Runs;
using Compliance.Storage;
using Compliance.Tests.Storage;

namespace Compliance.Tests.Runs;

public sealed class UnprocessedMessagesTests
{
    private static readonly DateTimeOffset Monday = new(2026, 11, 23, 6, 0, 0, TimeSpan.Zero);
    private static readonly Uri Azure = new("https://stcompliance.queue.core.windows.net/");
    private static readonly LeftPlace Hr = new("hr-events-poison", "hr-events");
    private static readonly LeftPlace Dead = new("dead-letters", Queue: null);

    [Fact]
    public void A_finding_names_queue_number_since_when_and_the_command_that_puts_it_back()
    {
        var found = Assert.Single(Evaluate(new LeftMessages(Hr) { Count = 3, Since = Monday }));

        Assert.Equal(
            new Detection
            {
                ControlId = "RUN-002",
                Severity = Severity.High,
                Subject = new("queue", "hr-events-poison", "hr-events-poison"),
                Source = "app/queues/hr-events-poison",
                Since = Monday,
                Reason = found.Reason,
                NextStep = found.NextStep,
            },
            found
        );
        Texts.Runs.Expect("messages in a poison queue", [found.Reason, found.NextStep]);
    }

    [Fact]
    public void An_empty_place_is_no_finding_and_one_that_was_not_read_is_unknown()
    {
        var found = Evaluate(new(Hr), new(Dead) { Unread = "403", Remedy = "Grant it" });

        Assert.Equal([("dead-letters", "unread", true, "Grant it")], found.Select(d => (d.Subject.Id, d.Part, d.Unknown, d.NextStep)));
        Assert.Equal(
            [("app/queues/hr-events-poison", true), ("app/deadLetters/dead-letters", false)],
            UnprocessedMessages.Outcomes([new(Hr), new(Dead) { Unread = "403", Remedy = "Grant it" }]).Select(o => (o.Source, o.Complete))
        );
    }

    [Fact]
    public void A_message_whose_age_cannot_be_seen_or_that_ends_one_day_says_so()
    {
        Texts.Runs.Expect("a message of unknown age", Reason(new(Hr) { Count = 1 }));
        Texts.Runs.Expect(
            "a message that storage deletes",
            Reason(
                new(Hr)
                {
                    Count = 1,
                    Since = Monday,
                    Expires = Monday.AddDays(7),
                }
            )
        );
        Assert.StartsWith(
            "More than 10000 files of events",
            Reason(
                new(Dead)
                {
                    Count = 10_000,
                    IsMore = true,
                    Since = Monday,
                }
            ),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(FindingStatus.Open, "2026-11-23")]
    [InlineData(FindingStatus.Resolved, "2026-11-25")]
    public void Since_when_is_carried_on_while_the_finding_is_open(FindingStatus status, string since)
    {
        var first = Assert.Single(Evaluate(new LeftMessages(Hr) { Count = 1, Since = Monday }));
        var id = Finding.IdOf("t", first.ControlId, first.Subject, first.Part);
        var known = new Dictionary<string, StoredFinding>
        {
            [id] = new(
                new()
                {
                    Id = id,
                    TenantId = "t",
                    Status = status,
                    Detection = first,
                    OpenedAt = Monday,
                    ChangedAt = Monday,
                    RunId = "r",
                },
                "etag"
            ),
        };

        var later = Assert.Single(
            UnprocessedMessages.Evaluate([new LeftMessages(Hr) { Count = 1, Since = Monday.AddDays(2) }], known, Azure)
        );

        Assert.Contains($"since {since} 06:00Z", later.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void On_this_machine_the_command_needs_no_account() =>
        Assert.Contains(
            "`./scripts/compliance queue put-back hr-events`",
            Assert
                .Single(
                    UnprocessedMessages.Evaluate(
                        [new LeftMessages(Hr) { Count = 1 }],
                        new Dictionary<string, StoredFinding>(),
                        new("http://127.0.0.1:10001/x")
                    )
                )
                .NextStep,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData(null, null)]
    [InlineData(" ", null)]
    [InlineData("dead-letters", "dead-letters")]
    public void The_container_is_a_setting(string? value, string? expected) =>
        Assert.Equal(
            expected,
            DeadLetterOptions.Read(value is null ? Settings.Of() : Settings.Of(("Events__DeadLetterContainer", value))).Container
        );

    [Theory]
    [InlineData("ab")]
    [InlineData("Dead-Letters")]
    [InlineData("https://st.blob.core.windows.net/dead-letters")]
    public void What_no_container_can_be_called_stops_the_start(string value) =>
        Texts.Runs.Expect(
            "no name of a container",
            value,
            Assert.Throws<StateSettingException>(() => DeadLetterOptions.Read(Settings.Of(("Events__DeadLetterContainer", value)))).Message
        );

    private static IReadOnlyList<Detection> Evaluate(params LeftMessages[] read) =>
        UnprocessedMessages.Evaluate(read, new Dictionary<string, StoredFinding>(), Azure);

    private static string Reason(LeftMessages left) => Assert.Single(Evaluate(left)).Reason;
}
