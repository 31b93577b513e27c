using System.Reflection;
using ComplianceFunctions.Tests.Histories;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace ComplianceFunctions.Tests;

public sealed class FunctionServicesTests
{
    /// <summary>The classes whose functions the host makes an instance for.</summary>
    public static TheoryData<string> Classes =>
        [
            .. typeof(WatchFunctions)
                .Assembly.GetTypes()
                .Where(t => t.GetMethods().Any(m => !m.IsStatic && m.GetCustomAttribute<FunctionAttribute>() is not null))
                .Select(t => t.FullName!)
                .Order(StringComparer.Ordinal),
        ];

    [Theory]
    [MemberData(nameof(Classes))]
    public async Task A_class_of_functions_is_made_from_what_the_app_registers(string name)
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        await using var scope = world.Services.CreateAsyncScope();

        var made = ActivatorUtilities.CreateInstance(scope.ServiceProvider, typeof(WatchFunctions).Assembly.GetType(name)!);

        Assert.Equal(name, made.GetType().FullName);
    }
}
