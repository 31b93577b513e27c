using System.Reflection;
using ComplianceFunctions;
using Microsoft.Azure.Functions.Worker;

namespace Infra.Tests;

/// <summary>How the app runs, and who reaches it.</summary>
public sealed class AppTests(Templates templates)
{
    [Fact]
    public void It_runs_on_Flex_Consumption_with_one_identity()
    {
        var app = templates.Report.One("Microsoft.Web/sites");
        var config = app.At("properties.functionAppConfig")!;

        Assert.Equal("FC1", templates.Report.One("Microsoft.Web/serverfarms").Text("sku.name"));
        Assert.Equal("""{"name":"dotnet-isolated","version":"10.0"}""", config["runtime"]!.ToJsonString());
        Assert.Equal("UserAssignedIdentity", config["deployment"]!["storage"]!["authentication"]!["type"]!.GetValue<string>());
        Assert.Equal(
            """{"instanceMemoryMB":2048,"maximumInstanceCount":40,"alwaysReady":[{"name":"durable","instanceCount":1}]}""",
            config["scaleAndConcurrency"]!.ToJsonString()
        );
        Assert.Equal("UserAssigned", app.Text("identity.type"));
        Assert.Single(templates.Report.Of("Microsoft.ManagedIdentity/userAssignedIdentities"));
        Assert.Equal(("true", "1.2"), (app.Text("properties.httpsOnly"), app.Text("properties.siteConfig.minTlsVersion")));
    }

    [Fact]
    public void A_request_without_a_token_of_the_tenant_does_not_reach_the_code()
    {
        foreach (var deployment in new[] { templates.Report, templates.Enforce })
        {
            var authentication = deployment.One("Microsoft.Web/sites/config", "/authsettingsV2");

            Assert.Equal(
                ("true", "true", "Return401", "true"),
                (
                    authentication.Text("properties.platform.enabled"),
                    authentication.Text("properties.globalValidation.requireAuthentication"),
                    authentication.Text("properties.globalValidation.unauthenticatedClientAction"),
                    authentication.Text("properties.identityProviders.azureActiveDirectory.enabled")
                )
            );
            Assert.Contains(
                $"'{Templates.Tenant}'",
                authentication.Text("properties.identityProviders.azureActiveDirectory.registration.openIdIssuer")
            );
        }
    }

    [Fact]
    public void Let_through_without_a_token_is_only_what_checks_a_signature()
    {
        var paths = templates
            .Report.One("Microsoft.Web/sites/config", "/authsettingsV2")
            .At("properties.globalValidation.excludedPaths")!
            .AsArray()
            .Select(p => p!.GetValue<string>());

        var own = WhoMayCall.Rows.Where(r => r.Value is Proof.HrSystem).Select(r => $"/api/{RouteOf(r.Key)}");

        Assert.Equal(["/api/hr/events"], paths);
        Assert.Equal(own, paths);
    }

    [Fact]
    public void Addresses_are_limited_when_some_are_given()
    {
        const string Default = "properties.siteConfig.ipSecurityRestrictionsDefaultAction";
        var (open, limited) = (templates.Report.One("Microsoft.Web/sites"), templates.Enforce.One("Microsoft.Web/sites"));

        Assert.Equal(("Allow", "Deny"), (open.Text(Default), limited.Text(Default)));
        Assert.Equal(
            """[{"name":"allowed-0","ipAddress":"192.0.2.0/24","action":"Allow","priority":100}]""",
            limited.At("properties.siteConfig.ipSecurityRestrictions")!.ToJsonString()
        );
    }

    private static string RouteOf(string function) =>
        typeof(OffboardingFunctions)
            .Assembly.GetTypes()
            .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Instance))
            .Single(m => m.GetCustomAttribute<FunctionAttribute>()?.Name == function)
            .GetParameters()
            .Select(p => p.GetCustomAttribute<HttpTriggerAttribute>()?.Route)
            .OfType<string>()
            .Single();
}
