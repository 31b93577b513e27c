using System.Reflection;
using LocalHost.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;
using Microsoft.Azure.WebJobs.Host.Queues;

namespace LocalHost.Tests.WebJobs;

public sealed class AppExtensionsTests
{
    // The Functions host loads what the worker extensions beside the app name; this host is built with its own references.
    [Fact]
    public void The_host_runs_the_version_of_the_durable_extension_that_the_app_names_for_production() =>
        Assert.Equal(Named(AppExtensions.DurableTask), Version(typeof(DurableTaskExtension)));

    // The package feed lacks the version that is named (5.3.8), so that the app's own project resolves the next one, as this host does.
    [Fact]
    public void The_host_runs_the_version_of_the_queue_extension_that_the_app_names_for_production_or_a_later_patch()
    {
        var (named, own) = (Named(AppExtensions.Queues), Version(typeof(QueueProcessor)));
        Assert.Equal((named.Major, named.Minor), (own.Major, own.Minor));
        Assert.InRange(own, named, new Version(named.Major, named.Minor, int.MaxValue));
    }

    private static Version Named(string package) => new(AppExtensions.Read(Path.GetDirectoryName(TestHost.AppDll)!)[package]);

    // Such as 3.18.0+commit.
    private static Version Version(Type type) =>
        new(type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]);
}
