using EmbeddedHost.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace EmbeddedHost.Tests.Invocation;

public sealed class DiscoveryTests
{
    [Theory]
    [InlineData(typeof(TwoNames), "TwoNames.Two: the name 'SAME' is taken by")]
    [InlineData(typeof(TwoTriggers), "TwoTriggers.Run: a function has exactly one trigger, this has 2")]
    [InlineData(typeof(NoTrigger), "NoTrigger.Run: a function has exactly one trigger, this has 0")]
    [InlineData(typeof(UnknownTrigger), "UnknownTrigger.Run: no part of this host knows the trigger OtherTriggerAttribute")]
    [InlineData(typeof(UnknownOutput), "UnknownOutput.Run: no part of this host knows the output OtherOutputAttribute")]
    [InlineData(typeof(UnknownParameter), "UnknownParameter.Run: nothing can be bound to the parameter 'Uri where' of a httpTrigger")]
    [InlineData(typeof(NotInRoute), "NotInRoute.Run: nothing can be bound to the parameter 'String runId' of a httpTrigger")]
    [InlineData(typeof(BadName), "BadName.Run: '1st' cannot name a function")]
    [InlineData(typeof(AsyncVoid), "AsyncVoid.RunAsync: is async void")]
    [InlineData(typeof(PocoAnswer), "PocoAnswer.Run: an HTTP function answers with an IActionResult, an IResult or nothing, not with a Uri")]
    [InlineData(typeof(WrongTimer), "WrongTimer.Run: a timer gives a TimerInfo, not a String")]
    [InlineData(typeof(BadSchedule), "BadSchedule.Run (function BadSchedule): the schedule 'every day' is neither")]
    [InlineData(typeof(MissingSetting), "MissingSetting.Run: '%Nowhere%': the setting Nowhere is not set")]
    [InlineData(typeof(OpenSetting), "OpenSetting.Run: 'a%b': the % at position 1 has no closing %")]
    [InlineData(typeof(BadQueue), "BadQueue.Run: 'Upper' cannot name a queue")]
    [InlineData(typeof(NoConnection), "NoConnection.Run: the setting Missing, a storage connection string, is not set")]
    [InlineData(typeof(BadConnection), "BadConnection.Run: the setting Bad is not a storage connection string")]
    [InlineData(typeof(QueueAnswer), "QueueAnswer.Run: what an HTTP function returns is its answer")]
    [InlineData(typeof(NoOutput), "NoOutput.Run: it returns nothing that could go to the queue out")]
    [InlineData(typeof(BadRoute), "BadRoute.Run: the route 'api/{a' is not a route template")]
    [InlineData(typeof(WrongEvent), "WrongEvent.Run: with IsBatched set, Event Grid gives CloudEvent[] or String[], not String")]
    [InlineData(typeof(SystemLevel), "SystemLevel.Run: this host does not support AuthorizationLevel.System")]
    public async Task A_function_that_cannot_run_is_a_start_up_error_naming_class_and_method(Type type, string message)
    {
        var host = new TestHost();
        host.Settings["AzureWebJobsStorage"] = "UseDevelopmentStorage=true";
        host.Settings["Bad"] = "secret-value";
        await using var _ = host;
        var error = await Assert.ThrowsAsync<StartupException>(() => host.StartAsync(type));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-value", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_start_tells_everything_that_is_wrong()
    {
        await using var host = new TestHost();
        var error = await Assert.ThrowsAsync<StartupException>(() => host.StartAsync(typeof(NoTrigger), typeof(BadName), typeof(PocoAnswer)));
        Assert.Equal(3, error.Message.Split(Environment.NewLine).Length);
    }

    [AttributeUsage(AttributeTargets.Parameter)]
    private sealed class OtherTriggerAttribute : TriggerBindingAttribute;

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class OtherOutputAttribute : OutputBindingAttribute;

    private static class TwoNames
    {
        [Function("Same")]
        public static void One([HttpTrigger(Route = "one")] HttpRequest request) => _ = request;

        [Function("SAME")]
        public static void Two([HttpTrigger(Route = "two")] HttpRequest request) => _ = request;
    }

    private static class TwoTriggers
    {
        [Function("X")]
        public static void Run([HttpTrigger] HttpRequest request, [TimerTrigger("0 0 0 * * *")] TimerInfo timer) => _ = (request, timer);
    }

    private static class NoTrigger
    {
        [Function("X")]
        public static void Run(FunctionContext context) => _ = context;
    }

    private static class UnknownTrigger
    {
        [Function("X")]
        public static void Run([OtherTrigger] string text) => _ = text;
    }

    private static class UnknownOutput
    {
        [Function("X")]
        [OtherOutput]
        public static string Run([QueueTrigger("input")] string text) => text;
    }

    private static class UnknownParameter
    {
        [Function("X")]
        public static void Run([HttpTrigger(Route = "x/{where}")] HttpRequest request, Uri where) => _ = (request, where);
    }

    private static class NotInRoute
    {
        [Function("X")]
        public static void Run([HttpTrigger(Route = "x")] HttpRequest request, string runId) => _ = (request, runId);
    }

    private static class BadName
    {
        [Function("1st")]
        public static void Run([HttpTrigger] HttpRequest request) => _ = request;
    }

    private static class AsyncVoid
    {
        [Function("X")]
        public static async void RunAsync([HttpTrigger] HttpRequest request) => await Task.CompletedTask;
    }

    private static class PocoAnswer
    {
        [Function("X")]
        public static Uri Run([HttpTrigger] HttpRequest request) => new("http://x");
    }

    private static class WrongTimer
    {
        [Function("X")]
        public static void Run([TimerTrigger("0 0 0 * * *")] string timer) => _ = timer;
    }

    private static class BadSchedule
    {
        [Function("BadSchedule")]
        public static void Run([TimerTrigger("every day")] TimerInfo timer) => _ = timer;
    }

    private static class MissingSetting
    {
        [Function("X")]
        public static void Run([QueueTrigger("%Nowhere%")] string text) => _ = text;
    }

    private static class OpenSetting
    {
        [Function("X")]
        public static void Run([QueueTrigger("a%b")] string text) => _ = text;
    }

    private static class BadQueue
    {
        [Function("X")]
        public static void Run([QueueTrigger("Upper")] string text) => _ = text;
    }

    private static class NoConnection
    {
        [Function("X")]
        public static void Run([QueueTrigger("input", Connection = "Missing")] string text) => _ = text;
    }

    private static class BadConnection
    {
        [Function("X")]
        public static void Run([QueueTrigger("input", Connection = "Bad")] string text) => _ = text;
    }

    private static class QueueAnswer
    {
        [Function("X")]
        [QueueOutput("out")]
        public static IActionResult Run([HttpTrigger] HttpRequest request) => new OkResult();
    }

    private static class NoOutput
    {
        [Function("X")]
        [QueueOutput("out")]
        public static void Run([QueueTrigger("input")] string text) => _ = text;
    }

    private static class BadRoute
    {
        [Function("X")]
        public static void Run([HttpTrigger(Route = "{a")] HttpRequest request) => _ = request;
    }

    private static class WrongEvent
    {
        [Function("X")]
        public static void Run([EventGridTrigger(IsBatched = true)] string text) => _ = text;
    }

    private static class SystemLevel
    {
        [Function("X")]
        public static void Run([HttpTrigger(AuthorizationLevel.System)] HttpRequest request) => _ = request;
    }
}
