using Compliance.Changes.Approvals;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Notifications.Channels;
using Compliance.Notifications.Messages;
using Compliance.Notifications.Policy;
using Compliance.Notifications.Sources;
using Compliance.Runs;
using Compliance.Storage;
using Compliance.Tenants;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Compliance.Notifications;

/// <summary>Registers what notifies people. Needs tenant, state, findings, evidence, runs and approvals.</summary>
internal static class NotificationServices
{
    /// <summary>Reads settings and policy at once, so that an app with wrong ones does not start.</summary>
    /// <exception cref="Policies.PolicyException">The policy file has errors.</exception>
    /// <exception cref="TenantSettingException">A setting cannot be used.</exception>
    public static IServiceCollection AddNotifications(
        this IServiceCollection services,
        IConfiguration configuration,
        ControlCatalogue controls
    )
    {
        var file = NotificationPolicyFile.From(configuration);
        file.Load();
        services
            .AddSingleton(file)
            .AddSingleton(new WatchedPolicy("notifications", _ => file.Load()))
            .AddSingleton(Notifier.Itself)
            .AddSingleton(new WatchedQueue(NotificationQueues.Signal))
            .AddSingleton<NotificationSignal>()
            .AddSingleton<IRequestSignal>(p => p.GetRequiredService<NotificationSignal>())
            .AddSingleton<IFindingStore>(p => new SignallingFindingStore(
                ActivatorUtilities.CreateInstance<TableFindingStore>(p),
                p.GetRequiredService<NotificationSignal>()
            ))
            .AddSingleton<INotificationSource, RequestNotifications>()
            .AddSingleton<INotificationSource>(p => new FindingNotifications(
                p.GetRequiredService<TenantId>(),
                p.GetRequiredService<IFindingStore>(),
                controls
            ))
            .AddSingleton(p => new Notifier(
                p.GetRequiredService<TenantId>(),
                p.GetRequiredService<NotificationPolicyFile>(),
                p.GetServices<INotificationSource>(),
                p.GetServices<IEndedPeople>(),
                new Deliveries(
                    p.GetServices<INotificationChannel>(),
                    new BlobDocumentStore(p.GetRequiredService<StateStorage>(), Notifier.Container),
                    new DeliveryRecords(p.GetRequiredService<TenantId>(), p.GetRequiredService<IEvidenceLog>()),
                    p.GetRequiredService<TimeProvider>(),
                    p.GetRequiredService<ILogger<Deliveries>>()
                ),
                p.GetRequiredService<ScheduledRuns>(),
                p.GetRequiredService<ILogger<Notifier>>()
            ));
        return services.AddChannels(NotificationOptions.Read(configuration, TenantOptions.Read(configuration)));
    }

    private static IServiceCollection AddChannels(this IServiceCollection services, NotificationOptions options)
    {
        if (options.Mailbox is { } mailbox)
            services.AddSingleton<INotificationChannel>(p => new GraphMail(p.GetRequiredService<TenantConnection>(), mailbox));
        if (options.Outbox is { } outbox)
            services.AddSingleton<INotificationChannel>(p => new FileOutbox(outbox, p.GetRequiredService<TimeProvider>()));
        if (options.Vault is not { } vault)
            return services;
        if (options.Rooms.Contains(ChannelKind.Teams))
            services.AddSingleton<INotificationChannel>(p =>
                Webhook(p, vault, ChannelKind.Teams, TeamsCard.Write, NotificationCalls.TeamsSecret, NotificationCalls.TeamsWebhook)
            );
        if (options.Rooms.Contains(ChannelKind.Slack))
            services.AddSingleton<INotificationChannel>(p =>
                Webhook(p, vault, ChannelKind.Slack, SlackBlocks.Write, NotificationCalls.SlackSecret, NotificationCalls.SlackWebhook)
            );
        return services;
    }

    private static WebhookChannel Webhook(
        IServiceProvider services,
        Uri vault,
        ChannelKind kind,
        Func<NotificationMessage, string> write,
        string secret,
        DeclaredCall call
    )
    {
        var address = new VaultWebhookAddress(services.GetRequiredService<TenantConnection>(), vault, secret, call);
        return new(kind, write, address, WebhookChannel.NewClient());
    }
}
