using System.Reflection;
using Compliance.Runs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ComplianceFunctions.Tests;

public sealed class WatchedQueueTests
{
    [Fact]
    public void Every_queue_that_a_function_reads_is_watched()
    {
        var services = new ServiceCollection();
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    ["Tenant:Id"] = "11111111-2222-3333-4444-555555555555",
                    ["Approvals:Audience"] = "66666666-7777-8888-9999-000000000000",
                }
            )
            .Build();
        Compliance.Credentials.CredentialServices.AddCredentials(services, settings, TimeProvider.System);
        Compliance.Offboarding.OffboardingServices.AddOffboarding(services, settings);
        Compliance.Notifications.NotificationServices.AddNotifications(services, settings, new Compliance.Controls.ControlCatalogue());

        var read = typeof(WatchFunctions)
            .Assembly.GetTypes()
            .SelectMany(t => t.GetMethods())
            .SelectMany(m => m.GetParameters())
            .Select(p => p.GetCustomAttribute<QueueTriggerAttribute>())
            .OfType<QueueTriggerAttribute>()
            .Select(a => a.QueueName)
            .Order(StringComparer.Ordinal)
            .ToList();

        Assert.NotEmpty(read);
        Assert.Equal(
            read,
            services.Select(s => s.ImplementationInstance).OfType<WatchedQueue>().Select(q => q.Name).Order(StringComparer.Ordinal)
        );
    }
}
