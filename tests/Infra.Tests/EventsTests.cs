using System.Reflection;
using Compliance.Credentials;
using Compliance.Offboarding.Desk;
using ComplianceFunctions;
using Microsoft.Azure.Functions.Worker;

namespace Infra.Tests;

/// <summary>Events reach the queues that the app works off, as CloudEvents and by the identity of their topic.</summary>
public sealed class EventsTests(Templates templates)
{
    private const string OfVaults = "Microsoft.EventGrid/systemTopics/eventSubscriptions";
    private const string OfHr = "Microsoft.EventGrid/topics/eventSubscriptions";

    [Fact]
    public void The_queues_are_those_that_functions_work_off()
    {
        var worked = typeof(OffboardingFunctions)
            .Assembly.GetTypes()
            .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Instance))
            .SelectMany(m => m.GetParameters())
            .Select(p => p.GetCustomAttribute<QueueTriggerAttribute>()?.QueueName)
            .OfType<string>();

        Assert.Equal(
            worked.Order(StringComparer.Ordinal),
            templates
                .Report.Of("Microsoft.Storage/storageAccounts/queueServices/queues")
                .Select(q => q.Name[(q.Name.LastIndexOf('/') + 1)..])
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void Each_subscription_delivers_CloudEvents_to_its_queue_by_identity_and_keeps_what_it_cannot_deliver()
    {
        var subscriptions = templates.Enforce.Of(OfVaults).Select(s => (s, VaultObjectEvent.Queue)).ToList();
        subscriptions.Add((templates.Enforce.One(OfHr), HrDesk.Queue));

        Assert.Equal(3, subscriptions.Count);
        Assert.All(
            subscriptions,
            s =>
                Assert.Equal(
                    ("CloudEventSchemaV1_0", "SystemAssigned", "StorageQueue", s.Item2, "-1", "SystemAssigned", "StorageBlob"),
                    (
                        s.s.Text("properties.eventDeliverySchema"),
                        s.s.Text("properties.deliveryWithResourceIdentity.identity.type"),
                        s.s.Text("properties.deliveryWithResourceIdentity.destination.endpointType"),
                        s.s.Text("properties.deliveryWithResourceIdentity.destination.properties.queueName"),
                        s.s.Text("properties.deliveryWithResourceIdentity.destination.properties.queueMessageTimeToLiveInSeconds"),
                        s.s.Text("properties.deadLetterWithResourceIdentity.identity.type"),
                        s.s.Text("properties.deadLetterWithResourceIdentity.deadLetterDestination.endpointType")
                    )
                )
        );
        Assert.Equal("CloudEventSchemaV1_0", templates.Enforce.One("Microsoft.EventGrid/topics").Text("properties.inputSchema"));
    }

    [Fact]
    public void Every_event_of_a_vault_that_is_asked_for_is_one_that_the_app_takes()
    {
        var types = templates
            .Enforce.Of(OfVaults)[0]
            .At("properties.filter.includedEventTypes")!
            .AsArray()
            .Select(t => t!.GetValue<string>())
            .ToList();

        Assert.Equal(9, types.Count);
        foreach (var type in types)
        {
            var message = $$$"""
                {"specversion":"1.0","id":"7",
                "source":"/subscriptions/{{{Templates.Subscription}}}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv-a",
                "type":"{{{type}}}","subject":"db","time":"2026-11-20T08:00:00Z","data":{"Id":"https://kv-a.vault.azure.net/secrets/db/1a",
                "VaultName":"kv-a","ObjectType":"Secret","ObjectName":"db","Version":"1a","NBF":1,"EXP":2}}
                """;
            Assert.NotNull(VaultObjectEvent.Read(message, out var read));
            Assert.Equal(type, read);
        }
    }

    [Fact]
    public void A_vault_that_has_a_topic_already_gets_no_second_one()
    {
        Assert.Empty(templates.Report.Of(OfVaults));
        Assert.EndsWith("/evgst-kv-a", templates.Enforce.One("Microsoft.EventGrid/systemTopics").Id, StringComparison.Ordinal);
        Assert.Contains(templates.Enforce.Of(OfVaults), s => s.Id.Contains("/systemTopics/kv-b-events/", StringComparison.Ordinal));
    }
}
