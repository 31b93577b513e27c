using Compliance.Notifications;
using Compliance.Notifications.Channels;
using Compliance.Notifications.Messages;
using Compliance.Notifications.Policy;
using ComplianceFunctions.Tests.Histories;
using Microsoft.Extensions.DependencyInjection;

namespace ComplianceFunctions.Tests;

/// <summary>The whole program: what asks people sets off a sweep, and the sweep reaches those who may answer.</summary>
public sealed class NotificationFlowTests : IDisposable
{
    private readonly string _policy = Path.GetTempFileName();
    private readonly Outbox _outbox = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => File.Delete(_policy);

    [Fact]
    public async Task A_start_for_cause_reaches_the_other_approvers_at_once_and_is_over_with_their_answer()
    {
        await using var world = await StartAsync();
        await world.StartForCauseAsync(approver: 0, SmallTenant.IdOf(Person.Lea));
        await world.RunUntilAsync(world.Now.AddMinutes(1));

        Assert.NotEmpty(world.Storage.State.Messages(NotificationQueues.Signal));
        await SweepAsync(world);
        Assert.Equal(["approver1@b.example", "approver2@b.example"], _outbox.Take("Your approval is asked for"));

        await world.HappenAsync(new Answers(TimeSpan.Zero, Approver: 1, ForCause: true));
        await world.RunUntilAsync(world.Now.AddMinutes(1));
        await SweepAsync(world);
        Assert.DoesNotContain(_outbox.Messages, m => m.Message.Entries.Any(e => e.Detail.Contains("1 of 1", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_approver_whose_own_access_is_ended_is_asked_nothing()
    {
        await using var world = await StartAsync();
        await world.StartForCauseAsync(approver: 0, SmallTenant.Approvers[2]);
        await world.RunUntilAsync(world.Now.AddMinutes(1));
        await world.StartForCauseAsync(approver: 0, SmallTenant.IdOf(Person.Lea));
        await world.RunUntilAsync(world.Now.AddMinutes(1));
        await SweepAsync(world);

        var asked = _outbox.Messages.Where(m => m.Message.Entries.Any(e => e.Title == "Your approval is asked for")).Select(m => m.To);
        Assert.Equal(["approver1@b.example"], asked.Distinct());
        Assert.Contains(
            world.Storage.Evidence.Blobs("ledger"),
            b => System.Text.Encoding.UTF8.GetString(b.Content.ToArray()).Contains("\"notifications.deliver\"", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_critical_finding_sets_off_a_sweep_and_reaches_the_admin()
    {
        await using var world = await StartAsync();
        await world.PauseAsync(approver: 0, blocking: true);
        await world.RunUntilAsync(world.Now.AddMinutes(1));

        Assert.NotEmpty(world.Storage.State.Messages(NotificationQueues.Signal));
        await SweepAsync(world);
        Assert.Equal(["admin@b.example"], _outbox.Take("Acts are paused"));
    }

    private Task<LeaverWorld> StartAsync()
    {
        var approvers = SmallTenant.Approvers.Select((id, i) => $"  - {{ id: {id}, address: approver{i}@b.example, roles: [approver] }}\n");
        File.WriteAllText(_policy, $"version: 1\npeople:\n{string.Concat(approvers)}  - {{ address: admin@b.example, roles: [admin] }}\n");
        return LeaverWorld.StartAsync(
            services: s => s.AddSingleton(new NotificationPolicyFile(_policy)).AddSingleton<INotificationChannel>(_outbox),
            cancellationToken: Stop
        );
    }

    private static Task SweepAsync(LeaverWorld world) => world.Services.GetRequiredService<Notifier>().RunAsync(Stop);

    private sealed class Outbox : INotificationChannel
    {
        public List<(string To, NotificationMessage Message)> Messages { get; } = [];

        public ChannelKind Kind => ChannelKind.Mail;

        public Task SendAsync(Recipient to, NotificationMessage message, CancellationToken cancellationToken)
        {
            Messages.Add((to.Address, message));
            return Task.CompletedTask;
        }

        /// <summary>Whom an urgent message with this subject reached.</summary>
        public IEnumerable<string> Take(string subject) => Messages.Where(m => m.Message.Subject == subject).Select(m => m.To);
    }
}
