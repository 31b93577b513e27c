using System.Globalization;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>What steps on the owners of applications, service principals and groups share.</summary>
internal static class OwnerCalls
{
    /// <summary>The calls by collection.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="path">Path template below the object.</param>
    /// <param name="what">What it is needed for; <c>{0}</c> is what is owned.</param>
    public static Dictionary<string, DeclaredCall> Create(string method, string path, string what) =>
        new (string Collection, string Permission, string Name)[]
        {
            ("applications", "Application.ReadWrite.All", "app registrations"),
            ("groups", "Group.ReadWrite.All", "groups"),
            ("servicePrincipals", "Application.ReadWrite.All", "service principals"),
        }.ToDictionary(
            o => o.Collection,
            o =>
                DeclaredCall.Change(
                    method,
                    $"/{o.Collection}/{{id}}{path}",
                    o.Permission,
                    string.Format(CultureInfo.InvariantCulture, what, o.Name)
                ),
            StringComparer.Ordinal
        );

    /// <summary>The collection that what is owned is in.</summary>
    public static string CollectionOf(Access access) =>
        access.Kind switch
        {
            AccessKind.OwnedApplication => "applications",
            AccessKind.OwnedServicePrincipal => "servicePrincipals",
            _ => "groups",
        };

    /// <summary>True for a group that can hold directory roles: its owners are changed with another permission.</summary>
    public static bool OwnsRoleAssignable(this Access access) => access.Kind == AccessKind.OwnedGroup && access.IsRoleAssignable();
}
